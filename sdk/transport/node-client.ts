import { setImmediate as breathe } from 'node:timers/promises';
import PQueue from 'p-queue';
import { Pool } from 'undici';
import { BatchError, ShardError } from '../../shard/errors.ts';
import { Chunks } from '../../shard/wire/chunks.ts';
import { MEDIA_TYPE } from '../../shard/wire/frame.ts';
import { FrameDecoder } from '../../shard/wire/decoder.ts';
import { parseFrame } from '../../shard/wire/decode.ts';
import type { Message } from '../../shard/wire/message.ts';
import { NodeError } from '../errors.ts';
import { ConnectionCut, wholeAnswer } from './answer.ts';
import { chunksOf } from './body.ts';
import { faultOf, remoteErrorOf, retryAfterOf } from './fault.ts';

export interface NodeClientOptions {
  readonly token: string | undefined;
  /** Batches in flight to this node at once, over all maps of the connection. */
  readonly concurrency: number;
  /** Milliseconds without a byte after which a node counts as lost; nodes send a beat every 5 seconds. */
  readonly silence: number;
}

const CONNECT_TIMEOUT = 5_000;

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: Uint8Array;
}

/** A request whose answer is short. */
interface Question {
  readonly method: 'GET' | 'DELETE' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A request about durable calls. */
export interface CallRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** JSON, or the parts of a body of another type. */
  readonly body?: object | Chunks;
  /** Of a body that is not JSON. */
  readonly type?: string;
  readonly accept?: string;
  readonly signal: AbortSignal;
}

/** Speaks to one node over kept-alive connections. */
export class NodeClient implements AsyncDisposable {
  readonly url: string;
  readonly concurrency: number;
  readonly silence: number;
  readonly #pool: Pool;
  /** For generators, which may stay open for as long as their consumers like, and for what is asked of durable calls. */
  readonly #streams: Pool;
  readonly #permits: PQueue;
  /** Requests to stop something on the node. */
  readonly #deleting = new Set<Promise<unknown>>();
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, { token, concurrency, silence }: NodeClientOptions) {
    this.url = url;
    this.silence = silence;
    this.concurrency = concurrency;
    const patience = { connectTimeout: CONNECT_TIMEOUT, headersTimeout: silence, bodyTimeout: silence };
    // Beside the batches there must be room for a cancellation.
    this.#pool = new Pool(url, { ...patience, connections: concurrency + 2 });
    this.#streams = new Pool(url, patience);
    this.#permits = new PQueue({ concurrency });
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /**
   * Sends one batch and yields what comes back, up to its end. `path` is where its answer can be asked for again, should
   * the connection be cut. Throws as `Lane.send` does.
   */
  async *map(body: Uint8Array, path: string, signal: AbortSignal): AsyncGenerator<Message, void, undefined> {
    const release = await this.#permit(signal);
    try {
      yield* wholeAnswer({
        name: this.url,
        send: () => this.#exchange({ method: 'POST', path: '/v1/map', body }, signal),
        rest: (frames) => this.#exchange({ method: 'GET', path: `${path}?from=${frames}` }, signal),
      });
    } finally {
      release();
    }
  }

  /** Runs a generator, and yields what comes back. Throws as `Lane.send` does. */
  stream(
    body: Uint8Array,
    { ahead, signal }: { readonly ahead: number; readonly signal: AbortSignal },
  ): AsyncGenerator<Message, void, undefined> {
    return this.#exchange({ method: 'POST', path: `/v1/stream?ahead=${ahead}`, body }, signal, this.#streams);
  }

  /** The body of a `GET`, parsed. Throws `NodeError` for a refusal, `ShardError` where there is no answer. */
  async get(path: string, signal?: AbortSignal): Promise<unknown> {
    return JSON.parse(await this.#ask({ method: 'GET', path, signal })) as unknown;
  }

  async delete(path: string, signal?: AbortSignal): Promise<void> {
    const asked = this.#ask({ method: 'DELETE', path, signal });
    this.#deleting.add(asked);
    try {
      await asked;
    } finally {
      this.#deleting.delete(asked);
    }
  }

  /**
   * The whole answer to a request about durable calls or volumes. They have connections of their own, since an answer may wait for
   * something to come. Throws as `faultOf` says of a refusal, and `LANE_LOST` where there is no answer.
   */
  async askCalls({
    method,
    path,
    body,
    type = 'application/json',
    accept,
    signal,
  }: CallRequest): Promise<Uint8Array<ArrayBuffer>> {
    const headers = {
      ...this.#headers,
      ...(body && { 'content-type': type }),
      ...(accept !== undefined && { accept }),
    };
    const bytes = body instanceof Chunks ? body.joined() : body && JSON.stringify(body);
    try {
      const answer = await this.#streams.request({ method, path, headers, signal, body: bytes ?? null });
      const { statusCode: status } = answer;
      if (status >= 200 && status < 300) {
        const parts = await Array.fromAsync(chunksOf(answer.body));
        return new Chunks(parts as Uint8Array<ArrayBuffer>[]).joined();
      }
      const remote = remoteErrorOf(status, await answer.body.text());
      throw faultOf(this.url, remote, retryAfterOf(answer.headers['retry-after'], Date.now()));
    } catch (error) {
      throw this.#lost(error, signal);
    }
  }

  async patch(path: string, changes: object): Promise<void> {
    await this.#ask({ method: 'PATCH', path, body: JSON.stringify(changes) });
  }

  async put(path: string): Promise<void> {
    await this.#ask({ method: 'PUT', path });
  }

  /** Resolves when all batches and streams have ended. */
  async retire(): Promise<void> {
    await Promise.all([this.#permits.onIdle(), this.#streams.close()]);
  }

  /** Batches must be told to end before. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#permits.clear();
    await this.#permits.onIdle();
    // Whoever had a batch here may tell the node now that it is not wanted, or has begun to.
    await breathe();
    await Promise.allSettled(this.#deleting);
    await Promise.all([this.#pool.destroy(), this.#streams.destroy()]);
  }

  async #permit(signal: AbortSignal): Promise<() => void> {
    const granted = Promise.withResolvers<() => void>();
    const turn = this.#permits.add(
      () => {
        const used = Promise.withResolvers<void>();
        granted.resolve(() => used.resolve());
        return used.promise;
      },
      { signal },
    );
    turn.catch((error: unknown) => granted.reject(error as Error));
    return granted.promise;
  }

  async *#exchange(asked: Asked, signal: AbortSignal, pool = this.#pool): AsyncGenerator<Message, void, undefined> {
    const headers = { ...this.#headers, accept: MEDIA_TYPE, ...(asked.body && { 'content-type': MEDIA_TYPE }) };
    const decoder = new FrameDecoder();
    try {
      const answer = await pool.request({ ...asked, headers, signal });
      if (answer.statusCode !== 200) {
        const remote = remoteErrorOf(answer.statusCode, await answer.body.text());
        if (asked.method === 'GET' && answer.statusCode === 404) {
          const message = `${this.url} cut the connection, and does not know the batch any more`;
          throw new ConnectionCut(message, { mendable: false });
        }
        throw faultOf(this.url, remote, retryAfterOf(answer.headers['retry-after'], Date.now()));
      }
      for await (const chunk of chunksOf(answer.body)) {
        for (const frame of decoder.push(chunk)) yield parseFrame(frame);
      }
    } catch (error) {
      throw this.#lost(error, signal);
    }
  }

  async #ask({ signal, ...asked }: Question): Promise<string> {
    let status: number;
    let text: string;
    try {
      const answer = await this.#pool.request({ ...asked, headers: this.#headers, signal: signal ?? null });
      status = answer.statusCode;
      text = await answer.body.text();
    } catch (error) {
      throw this.#lost(error, signal);
    }
    if (status >= 200 && status < 300) return text;
    throw new NodeError({ ...remoteErrorOf(status, text), node: this.url });
  }

  /** Whatever breaks on the way, except what we know already and what the caller wanted, is a lost lane. */
  #lost(error: unknown, signal: AbortSignal | undefined): Error {
    if (signal?.aborted || isKnown(error)) return error as Error;
    const reason = error instanceof Error ? reasonOf(error) : String(error);
    if (CUT.has(codeOf(error))) return new ConnectionCut(`${this.url} was cut off: ${reason}`, { cause: error });
    const text = `${this.url} can't be reached or was cut off: ${reason}`;
    return new ShardError('LANE_LOST', text, { cause: error, reached: !UNREACHED.has(codeOf(error)) });
  }
}

function isKnown(error: unknown): boolean {
  return error instanceof BatchError || error instanceof ShardError || error instanceof NodeError;
}

/** Codes of connections that were there. */
const CUT: ReadonlySet<string> = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'ECONNRESET',
  'EPIPE',
]);

/** Codes of connections that were not made. */
const UNREACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Connecting to a name of several addresses fails with an AggregateError, which has a code but no message. */
function reasonOf(error: Error): string {
  return error.message || codeOf(error) || error.name;
}
