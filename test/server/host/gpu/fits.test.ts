import test from 'ava';
import type { Gpu } from '../../../../core/device/gpus.ts';
import type { GpuNeed } from '../../../../shard/app/definition.ts';
import { fits } from '../../../../server/host/gpu/fits.ts';

const GIB = 2 ** 30;
const h100: Gpu = { kind: 'nvidia', index: 0, name: 'NVIDIA H100 80GB HBM3', memoryBytes: 79.6 * GIB };
const a100: Gpu = { kind: 'nvidia', index: 0, name: 'NVIDIA A100-SXM4-80GB', memoryBytes: 80 * GIB };
const rtx: Gpu = { kind: 'nvidia', index: 0, name: 'NVIDIA GeForce RTX 4090', memoryBytes: 24 * GIB };
const l40s: Gpu = { kind: 'nvidia', index: 0, name: 'NVIDIA L40S', memoryBytes: 45 * GIB };
const apple: Gpu = { kind: 'webgpu', index: 0, name: 'Apple M3' };

const does = test.macro({
  title: (_, request: GpuNeed, { name }: Gpu) => `${JSON.stringify(request)} is met by ${name}`,
  exec: (t, request: GpuNeed, gpu: Gpu) => t.true(fits(request, gpu)),
});
const doesNot = test.macro({
  title: (_, request: GpuNeed, { name }: Gpu) => `${JSON.stringify(request)} is not met by ${name}`,
  exec: (t, request: GpuNeed, gpu: Gpu) => t.false(fits(request, gpu)),
});

test(does, 'h100', h100);
test(does, 'H100', h100);
test(does, 'h100-80gb', h100);
test(does, 'a100-80gb', a100);
test(does, 'rtx 4090', rtx);
test(does, 'any', apple);
test(does, { memory: 79.6 * GIB }, h100);
test(doesNot, 'a10', a100);
test(doesNot, 'l4', l40s);
test(doesNot, '80gb-h100', h100);
test(doesNot, 'h100-40gb', h100);
test(doesNot, { memory: 79.6 * GIB + 1 }, h100);
test(doesNot, { memory: 1 }, apple);
