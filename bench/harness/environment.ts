import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import manifest from '../../package.json' with { type: 'json' };
import type { Environment } from './contract.ts';

export interface BenchDevice {
  readonly kind: string;
  readonly name: string;
  /** True for a GPU that a driver emulates on the CPU. */
  readonly software: boolean;
}

export function environmentOf(device: BenchDevice, seed: number): Environment {
  const commit = commitHere();
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    warpmap: manifest.version,
    ...(commit !== undefined && { commit }),
    device: device.software ? `${device.kind} emulated on the CPU: ${device.name}` : `${device.kind}: ${device.name}`,
    seed,
    date: new Date().toISOString(),
  };
}

/** An emulated GPU is timed only where it was asked for by name: its numbers say nothing about a GPU. */
export function refuseEmulation({ name, software }: BenchDevice, requested: string | undefined): void {
  if (software && requested !== 'software') {
    throw new Error(`${name} is emulated on the CPU and no GPU; ask for --device cpu, or for --device software.`);
  }
}

function commitHere(): string | undefined {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD').trim()}${changed ? '+' : ''}`;
  } catch {
    return undefined;
  }
}
