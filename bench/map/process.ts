import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface BenchProcess extends AsyncDisposable {
  /** The first line that it printed. */
  readonly line: string;
}

/** Starts a file of this folder with the same Node, and resolves with the first line that it prints. */
export async function startProcess(file: string, ...args: readonly string[]): Promise<BenchProcess> {
  return startFlagged([], file, ...args);
}

/** The same, with flags of Node.js. */
export async function startFlagged(
  flags: readonly string[],
  file: string,
  ...args: readonly string[]
): Promise<BenchProcess> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, ...flags, path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), failed(child, file)])) as [string];
  // What else it says is not read, and must not fill the pipe.
  child.stdout.resume();
  return { line, [Symbol.asyncDispose]: () => stop(child) };
}

async function failed(child: ChildProcess, file: string): Promise<never> {
  const [code] = (await once(child, 'close')) as [number | null];
  throw new Error(`Expected ${file} to print a line, but it ended with code ${code}.`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/** The most resident memory that this process has had. */
export function peakMiB(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  // What getrusage says is never less than the memory of the process that started this one.
  const [, kibibytes = Number.NaN] = /^VmHWM:\s*(\d+) kB$/mv.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}
