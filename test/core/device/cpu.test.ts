import os from 'node:os';
import test from 'ava';
import { findCpu, simdOf } from '../../../core/device/cpu.ts';

test('the CPU is always found, with its cores and memory', (t) => {
  const finding = findCpu();
  t.like(finding, { status: 'found', device: { kind: 'cpu', index: 0, software: false } });
  if (finding.status !== 'found') return;
  t.true(finding.device.name.includes(`${os.availableParallelism()} core`));
  t.true((finding.device.memoryBytes ?? 0) > 2 ** 28);
});

test('instruction sets are read from x86 and ARM flags', (t) => {
  t.deepEqual(simdOf('model name\t: x\nflags\t\t: fpu avx avx2 fma avx512f avx512_vnni'), [
    'avx',
    'fma',
    'avx2',
    'avx512f',
    'avx512-vnni',
  ]);
  t.deepEqual(simdOf('Features\t: fp asimd asimddp sve'), ['neon', 'dotprod', 'sve']);
  t.deepEqual(simdOf(''), []);
});
