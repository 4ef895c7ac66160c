import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SdkError } from './errors.ts';

export interface LocalServerOptions {
  readonly model?: string | undefined;
  readonly device?: string | undefined;
  /** Path of the module of an app. */
  readonly app?: string | undefined;
  readonly token?: string | undefined;
  /** Whether its log goes to standard error here. Default: `false`. */
  readonly log?: boolean;
  /** Milliseconds that the server may take to load its model. */
  readonly startTimeout: number;
  /** Program to run in place of `warpmap serve`, for tests. */
  readonly command?: readonly string[];
}

/** Milliseconds that a server may take to finish what it does once it is told to stop. */
const STOP_GRACE = 10_000;
const KEPT_STDERR = 4_096;

/**
 * A shard server in a child process on this machine. It dies with this process, however that ends, because its
 * standard input closes then.
 */
export class LocalServer implements AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string, token: string) {
    this.#child = child;
    this.url = url;
    this.token = token;
    this.pid = child.pid!;
  }

  /** Starts a server, and resolves once it can answer. Throws `SERVER_START_FAILED` with what it said. */
  static async start(options: LocalServerOptions): Promise<LocalServer> {
    // Other users of this machine can reach loopback; they don't have the token, which argv would show.
    const token = options.token ?? randomBytes(24).toString('base64url');
    const [program, ...args] = commandOf(options);
    const child = spawn(program!, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, WARPMAP_TOKEN: token, WARPMAP_NODES: '' },
    });
    try {
      const url = await announced(child, options);
      // A connection that was forgotten does not keep this process from ending.
      child.unref();
      for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as Socket).unref();
      return new LocalServer(child, url, token);
    } catch (error) {
      await stop(child);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.#child);
  }
}

function commandOf({ model, device, app, command }: LocalServerOptions): readonly string[] {
  // `.ts` in development, `.js` once built: only import specifiers are rewritten.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const main = fileURLToPath(new URL(`../cli/main${extension}`, import.meta.url));
  const start = command ?? [process.execPath, ...conditions(process.execArgv), main, 'serve'];
  const args = ['--host', '127.0.0.1', '--port', '0', '--announce', '--with-parent'];
  if (model !== undefined) args.push('--model', model);
  if (device !== undefined) args.push('--device', device);
  return [...start, ...args, ...(app === undefined ? [] : ['--', app])];
}

/** Those flags of Node.js that say how packages resolve: what this program imports, its app on the server shall too. */
function conditions(flags: readonly string[]): readonly string[] {
  return flags.filter(
    (flag, at) => /^(--conditions|-C)(=|$)/.test(flag) || (at > 0 && /^(--conditions|-C)$/.test(flags[at - 1]!)),
  );
}

/** The URL in the one JSON line that the server prints when it is ready. */
async function announced(child: ChildProcess, { startTimeout, log = false }: LocalServerOptions): Promise<string> {
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_STDERR);
    if (log) process.stderr.write(text);
  });
  child.stdin!.on('error', () => {});
  const failed = (what: string, cause?: unknown): SdkError =>
    new SdkError(
      'SERVER_START_FAILED',
      `The local server ${what}${said === '' ? '' : `; it said:\n${said.trimEnd()}`}`,
      cause === undefined ? {} : { cause },
    );
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once('error', (error) => reject(failed(`could not be started: ${error.message}`, error)));
  child.once('close', (code, signal) => reject(failed(`ended before it was ready (${signal ?? code})`)));
  createInterface({ input: child.stdout! }).once('line', (line) => {
    const url = urlIn(line);
    if (url === undefined) reject(failed(`announced ${JSON.stringify(line)}, expected {"url": …}`));
    else resolve(url);
  });
  const timer = setTimeout(() => {
    reject(failed(`was not ready after ${startTimeout} ms; give a longer startTimeout if its model is large`));
  }, startTimeout);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function urlIn(line: string): string | undefined {
  try {
    const { url } = JSON.parse(line) as { url?: unknown };
    return typeof url === 'string' ? url : undefined;
  } catch {
    return undefined;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.ref();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE);
  await ended;
  clearTimeout(timer);
}
