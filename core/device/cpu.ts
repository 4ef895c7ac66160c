import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Finding } from './contract.ts';

/** Instruction sets that decide how fast the CPU multiplies, by the flag Linux gives them. */
const SIMD: Readonly<Record<string, string>> = {
  sse4_2: 'sse4.2',
  avx: 'avx',
  f16c: 'f16c',
  fma: 'fma',
  avx2: 'avx2',
  avx_vnni: 'avx-vnni',
  avx512f: 'avx512f',
  avx512_vnni: 'avx512-vnni',
  avx512_bf16: 'avx512-bf16',
  avx512_fp16: 'avx512-fp16',
  amx_tile: 'amx',
  asimd: 'neon',
  asimddp: 'dotprod',
  i8mm: 'i8mm',
  bf16: 'bf16',
  sve: 'sve',
};

/** The CPU, which is always there. Memory is what this process may use, containers' limits included. */
export function findCpu(): Finding {
  const cores = os.availableParallelism();
  const model = os.cpus()[0]?.model.replace(/\s+/g, ' ').trim();
  const limit = process.constrainedMemory();
  return {
    status: 'found',
    device: {
      kind: 'cpu',
      index: 0,
      name: `${model === undefined || model === '' ? `${os.arch()} CPU` : model} (${cores} ${cores === 1 ? 'core' : 'cores'})`,
      software: false,
      memoryBytes: limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem(),
      features: simdOf(readCpuInfo()),
    },
  };
}

/** The instruction sets named in the text of `/proc/cpuinfo`. */
export function simdOf(cpuInfo: string): string[] {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuInfo)?.[1] ?? '';
  const flags = new Set(line.trim().split(/\s+/));
  return Object.entries(SIMD).flatMap(([flag, name]) => (flags.has(flag) ? [name] : []));
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return ''; // Only Linux tells.
  }
}
