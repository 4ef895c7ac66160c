import { setTimeout as delay } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import { ServerError, type ServerErrorCode } from '../../errors.ts';
import { MAX_ANSWER_BYTES, packBody, repeatable, STORE_MEDIA_TYPE, unpackBody, type Verb } from './form.ts';

export interface OwnerOptions {
  /** Address of the node that owns the store, such as `http://10.0.0.1:7411`. */
  readonly url: string;
  readonly token?: string | undefined;
  /** Milliseconds until an answer begins, and between its parts. Default: 60,000. */
  readonly silenceMs?: number;
}

const CONNECTIONS = 16;
const CONNECT_MS = 5_000;
/** Milliseconds before what can be repeated is asked again, where the connection was cut. */
const AGAIN_MS: readonly number[] = [50, 500];

/** What a store says itself; all else says that it can't be reached. */
const OF_STORES: readonly ServerErrorCode[] = [
  'CALL_UNKNOWN',
  'CALL_CONFLICT',
  'CALL_SEALED',
  'CALL_INCOMPLETE',
  'OPTION_INVALID',
  'BODY_TOO_LARGE',
  'STORE_UNAVAILABLE',
];

/** Asks the node that owns a store. */
export class OwnerClient implements AsyncDisposable {
  readonly #url: string;
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;
  #store = '';

  constructor({ url, token, silenceMs = 60_000 }: OwnerOptions) {
    this.#url = new URL(url).origin;
    this.#pool = new Pool(this.#url, {
      connections: CONNECTIONS,
      connect: { timeout: CONNECT_MS },
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
    });
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** The id of the store that the node has; from now on no other is meant. */
  async find(): Promise<string> {
    const { id } = JSON.parse((await this.#answer({ method: 'GET', path: '/v1/store' }, true)).toString()) as {
      readonly id: string;
    };
    this.#store = id;
    return id;
  }

  async ask<Result>(verb: Verb, given: readonly unknown[]): Promise<Result> {
    const body = packBody(given);
    const headers = { 'content-type': STORE_MEDIA_TYPE };
    const path = `/v1/store/${this.#store}/${verb}`;
    const answer = await this.#answer({ method: 'POST', path, headers, body }, repeatable[verb]);
    return unpackBody(answer) as Result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }

  async #answer(request: Asked, again: boolean): Promise<Buffer<ArrayBuffer>> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(request);
      } catch (error) {
        if (error instanceof ServerError) throw error;
        const pause = again && isCut(error) ? AGAIN_MS[attempt] : undefined;
        if (pause === undefined) throw this.#unavailable(error instanceof Error ? error.message : String(error), error);
        await delay(pause);
      }
    }
  }

  async #once({ headers, ...request }: Asked): Promise<Buffer<ArrayBuffer>> {
    const answer = await this.#pool.request({ ...request, headers: { ...this.#headers, ...headers } });
    const bytes = await this.#read(answer);
    if (answer.statusCode < 300) return bytes;
    throw this.#refusal(answer.statusCode, bytes.toString());
  }

  async #read({ body }: Dispatcher.ResponseData): Promise<Buffer<ArrayBuffer>> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of body as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > MAX_ANSWER_BYTES) throw this.#unavailable(`it answered with more than ${MAX_ANSWER_BYTES} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  #refusal(status: number, text: string): ServerError {
    const error = errorIn(text);
    if (!error) return this.#unavailable(`it answered ${status}`);
    const code = OF_STORES.find((known) => known === error.code);
    if (code === undefined) return this.#unavailable(`it answered ${error.code}: ${error.message}`);
    return new ServerError(code, error.message, error.details && { details: error.details });
  }

  #unavailable(why: string, cause?: unknown): ServerError {
    return new ServerError('STORE_UNAVAILABLE', `The store of ${this.#url} can't be used: ${why}`, { cause });
  }
}

type Asked = Pick<Dispatcher.RequestOptions, 'method' | 'path' | 'body'> & {
  readonly headers?: Readonly<Record<string, string>>;
};

/** Errors of the system's sockets, and of the client's when the other side closes. */
function isCut(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'].includes(code);
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

function errorIn(text: string): Refusal | undefined {
  try {
    return (JSON.parse(text) as { readonly error?: Refusal }).error;
  } catch {
    return undefined;
  }
}
