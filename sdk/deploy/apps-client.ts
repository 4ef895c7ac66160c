import { Agent, request } from 'undici';
import { NodeError, SdkError } from '../errors.ts';
import { remoteErrorOf } from '../transport/fault.ts';

export interface AppsRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** JSON, or bytes. */
  readonly body?: object | Uint8Array;
}

const CONNECT_TIMEOUT = 5_000;
/** Codes that say: another node may do. */
const PASSING: ReadonlySet<string> = new Set([
  'NODE_DRAINING',
  'NODE_NOT_READY',
  'STORE_UNAVAILABLE',
  'OBJECTS_UNAVAILABLE',
]);

/** Asks the nodes of one storage about its apps: whichever answers. */
export class AppsClient implements AsyncDisposable {
  /** Base URLs. */
  readonly urls: readonly string[];
  readonly #token: string | undefined;
  // A module may take its time to load.
  readonly #agent = new Agent({ connectTimeout: CONNECT_TIMEOUT, headersTimeout: 0, bodyTimeout: 0 });

  constructor(urls: readonly string[], token: string | undefined) {
    this.urls = urls;
    this.#token = token;
  }

  /** The answer of the first node that gives one. Throws a `NodeError` if it refuses, and `NODE_UNREACHABLE` if none does. */
  async ask<T>(asked: AppsRequest): Promise<T> {
    const failures: Error[] = [];
    for (const url of this.urls) {
      try {
        return await this.askOne<T>(url, asked);
      } catch (error) {
        if (error instanceof NodeError && !PASSING.has(error.code)) throw error;
        failures.push(error as Error);
      }
    }
    const [first] = failures;
    if (failures.length === 1 && first instanceof NodeError) throw first;
    const reasons = this.urls.map((url, at) => `${url} (${failures[at]!.message})`).join(', ');
    throw new SdkError(
      'NODE_UNREACHABLE',
      `No shard server answers at ${reasons}; see that \`warpmap serve\` runs there`,
      {
        cause: failures[0],
      },
    );
  }

  /** Throws a `NodeError`, or what keeps the node from being asked. */
  async askOne<T>(url: string, { method, path, body }: AppsRequest): Promise<T> {
    const bytes = body instanceof Uint8Array;
    const answer = await request(url + path, {
      dispatcher: this.#agent,
      method,
      headers: {
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(body && { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
      },
      body: bytes ? body : body ? JSON.stringify(body) : null,
    });
    const text = await answer.body.text();
    const { statusCode: status } = answer;
    if (status < 200 || status >= 300) throw new NodeError({ ...remoteErrorOf(status, text), node: url });
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}
