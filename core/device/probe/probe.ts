import { execFile, type ExecFileException } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a probe's process told, or how it ended without telling. `stderr` is what drivers printed. */
export type ProbeReport<T> =
  | { readonly ok: true; readonly value: T; readonly stderr: string }
  | { readonly ok: false; readonly reason: string; readonly stderr: string };

export interface ProbeOptions {
  /** Kills the probe after this long. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Marks the line of a probe's output that carries its answer; drivers print around it. */
const MARK = 'warpmap-probe:';
const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** The script `name.probe` of this folder, in the language this module runs in. */
export function probeScript(name: 'cuda' | 'webgpu'): URL {
  return new URL(`./${name}.probe${extension}`, import.meta.url);
}

/** Runs a script in a process of its own, because a broken driver takes its process down with it. */
export function runProbe<T>(script: URL, argument: unknown, options: ProbeOptions): Promise<ProbeReport<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<ProbeReport<T>>();
  execFile(
    process.execPath,
    [fileURLToPath(script), JSON.stringify(argument)],
    {
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: 16 * 2 ** 20,
      ...(options.signal && { signal: options.signal }),
    },
    (error, stdout, stderr) => {
      if (options.signal?.aborted) return reject(options.signal.reason);
      const line = stdout.split('\n').find((candidate) => candidate.startsWith(MARK));
      if (line !== undefined) {
        // A driver may crash on the way out; what it told before still stands.
        return resolve({ ok: true, value: JSON.parse(line.slice(MARK.length)) as T, stderr });
      }
      return resolve({ ok: false, reason: endOf(error, stderr, options.timeoutMs), stderr });
    },
  );
  return promise;
}

/** Prints a probe's answer and ends its process without giving drivers a chance to linger. */
export function answerProbe(value: unknown): void {
  // oxlint-disable-next-line unicorn/no-process-exit -- threads of a broken driver would keep the process alive
  process.stdout.write(`${MARK}${JSON.stringify(value)}\n`, () => process.exit(0));
}

/** What the probe was asked. */
export function probeArgument<T>(): T {
  return JSON.parse(process.argv[2] ?? 'null') as T;
}

function endOf(error: ExecFileException | null, stderr: string, timeoutMs: number): string {
  if (error?.killed === true) return `the driver did not answer within ${timeoutMs / 1000} s`;
  if (error?.signal) return `the driver crashed (${error.signal})`;
  const lines = stderr.trim().split('\n');
  // Node prints an uncaught error amid its place and stack.
  const told = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
  return `the probe ended with code ${error?.code ?? 0}${told === '' ? '' : `: ${told}`}`;
}
