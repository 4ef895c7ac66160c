import { Pool } from 'undici';
import { ServerError } from '../errors.ts';
import type { ByteRange, ObjectBytes, Objects, ObjectStat } from './contract.ts';
import { requireKey } from './key.ts';

/** Bytes that are sent as one: those of what is created. */
export const PART_BYTES: number = 128 * 1024 * 1024;
/** Objects that one answer lists at most. */
export const MAX_LISTED = 1_000;

export interface RemoteObjectsOptions {
  /** Address of the node that has them. */
  readonly url: string;
  readonly token?: string | undefined;
}

/** The objects of another node, through its `/v1/objects`. */
export class RemoteObjects implements Objects {
  readonly name: string;
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, token }: RemoteObjectsOptions) {
    this.name = url;
    this.#pool = new Pool(new URL(url).origin);
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  async read(key: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
    const query = new URLSearchParams();
    if (range) for (const [name, value] of Object.entries(range)) query.set(name, String(value));
    const body = await this.#ask('GET', key, { query });
    if (!body) return undefined;
    const parts = body[Symbol.asyncIterator]() as AsyncIterator<Buffer<ArrayBuffer>>;
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await parts.next();
            if (done === true) controller.close();
            else controller.enqueue(value);
          } catch (error) {
            throw this.#unavailable(error);
          }
        },
        // What was never read has no iterator to end.
        cancel: () => void body.destroy(),
      },
      { highWaterMark: 0 },
    );
  }

  async write(key: string, bytes: ObjectBytes): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    // Its own failure is told as it is.
    const source =
      bytes instanceof Uint8Array
        ? bytes
        : (async function* () {
            try {
              yield* bytes;
            } catch (error) {
              failure = { error };
              throw error;
            }
          })();
    try {
      await this.#drained('PUT', key, { body: source });
    } catch (error) {
      throw failure ? failure.error : error;
    }
  }

  async create(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const query = new URLSearchParams({ create: 'true' });
    return ((await this.#json('PUT', key, { query, body: bytes })) as { readonly created: boolean }).created;
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    const query = new URLSearchParams({ stat: 'true' });
    return ((await this.#json('GET', key, { query })) as { readonly object: ObjectStat | null }).object ?? undefined;
  }

  async *list(prefix: string, after = ''): AsyncGenerator<ObjectStat, void, undefined> {
    for (let last = after; ;) {
      const query = new URLSearchParams({ prefix, after: last });
      const { objects } = (await this.#json('GET', undefined, { query })) as {
        readonly objects: readonly ObjectStat[];
      };
      yield* objects;
      if (objects.length < MAX_LISTED) return;
      last = objects.at(-1)!.key;
    }
  }

  async remove(key: string): Promise<void> {
    await this.#drained('DELETE', key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }

  async #json(method: 'GET' | 'PUT', key: string | undefined, request: Request): Promise<unknown> {
    const body = await this.#ask(method, key, request);
    return JSON.parse((await body?.text()) ?? 'null') as unknown;
  }

  async #drained(method: 'PUT' | 'DELETE', key: string, request: Request = {}): Promise<void> {
    await (await this.#ask(method, key, request))?.dump();
  }

  /** Undefined where there is no object. */
  async #ask(
    method: 'GET' | 'PUT' | 'DELETE',
    key: string | undefined,
    { query, body }: Request,
  ): Promise<Awaited<ReturnType<Pool['request']>>['body'] | undefined> {
    if (key !== undefined) requireKey(key);
    const path = `/v1/objects${key === undefined ? '' : `/${key}`}?${query?.toString() ?? ''}`;
    const headers = { ...this.#headers, ...(body && { 'content-type': 'application/octet-stream' }) };
    try {
      const answer = await this.#pool.request({ method, path, headers, body: (body as Uint8Array) ?? null });
      if (answer.statusCode < 300) return answer.body;
      const { error } = (await answer.body.json()) as {
        readonly error: { readonly code: string; readonly message: string };
      };
      if (error.code === 'OBJECT_NOT_FOUND') return undefined;
      throw this.#unavailable(error);
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  #unavailable(cause: unknown): ServerError {
    if (cause instanceof ServerError) return cause;
    const reason = (cause as { readonly message?: string } | undefined)?.message ?? String(cause);
    return new ServerError('OBJECTS_UNAVAILABLE', `The objects of ${this.name} can't be used: ${reason}`, { cause });
  }
}

interface Request {
  readonly query?: URLSearchParams;
  readonly body?: Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array<ArrayBuffer>>;
}
