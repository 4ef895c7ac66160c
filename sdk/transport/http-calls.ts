import type { CallChunk, CallStart, CallStatus } from '../../shard/call/contract.ts';
import {
  type CallOutcomes,
  CHUNKS_MEDIA_TYPE,
  decodeOutcomes,
  encodeChunks,
  OUTCOMES_MEDIA_TYPE,
} from '../../shard/call/frames.ts';
import { BatchError } from '../../shard/errors.ts';
import type { Asking, Begun, CallList, LogLines, NodeCalls, OutcomesFrom } from '../call/node-calls.ts';
import { NodeError } from '../errors.ts';
import type { CallRequest, NodeClient } from './node-client.ts';

/** Milliseconds that an answer may wait for something to tell. */
const MAX_WAIT = 10_000;

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Durable calls on a node behind HTTP. */
export class HttpCalls implements NodeCalls {
  readonly #node: NodeClient;
  /** An answer that waits longer would be taken for silence. */
  readonly #wait: number;

  constructor(node: NodeClient) {
    this.#node = node;
    this.#wait = Math.min(MAX_WAIT, node.silence / 2);
  }

  async begin(start: CallStart, { signal }: Asking): Promise<Begun> {
    return this.#json({ method: 'POST', path: '/v1/calls', body: start, signal });
  }

  async append(call: string, chunks: readonly CallChunk[], { signal }: Asking): Promise<void> {
    const body = encodeChunks(chunks);
    await this.#ask({ method: 'POST', path: pathOf(call, 'chunks'), body, type: CHUNKS_MEDIA_TYPE, signal });
  }

  async seal(call: string, whole: { chunks: number; inputs: number }, { signal }: Asking): Promise<void> {
    await this.#ask({ method: 'POST', path: pathOf(call, 'seal'), body: whole, signal });
  }

  async status(call: string, asking: Asking): Promise<CallStatus> {
    return this.#json({ method: 'GET', path: pathOf(call, '', { wait: this.#waitOf(asking) }), signal: asking.signal });
  }

  async list(filter: CallList, { signal }: Asking): Promise<readonly CallStatus[]> {
    const path = `/v1/calls${queryOf({ ...filter })}`;
    return (await this.#json<{ calls: CallStatus[] }>({ method: 'GET', path, signal })).calls;
  }

  async outcomes(call: string, page: OutcomesFrom, asking: Asking): Promise<CallOutcomes> {
    const path = pathOf(call, 'outcomes', { ...page, wait: this.#waitOf(asking) });
    const body = await this.#ask({ method: 'GET', path, accept: OUTCOMES_MEDIA_TYPE, signal: asking.signal });
    return decodeOutcomes(body);
  }

  async cancel(call: string, { signal }: Asking): Promise<void> {
    await this.#ask({ method: 'POST', path: pathOf(call, 'cancel'), signal });
  }

  async retry(call: string, { signal }: Asking): Promise<number> {
    const path = pathOf(call, 'retry');
    return (await this.#json<{ retried: number }>({ method: 'POST', path, signal })).retried;
  }

  async forget(call: string, { signal }: Asking): Promise<void> {
    await this.#ask({ method: 'POST', path: pathOf(call, 'forget'), signal });
  }

  async logs(call: string, page: { after: number; limit: number }, asking: Asking): Promise<LogLines> {
    const path = pathOf(call, 'logs', { ...page, wait: this.#waitOf(asking) });
    return this.#json({ method: 'GET', path, signal: asking.signal });
  }

  #waitOf({ wait = false }: Asking): number | undefined {
    return wait ? this.#wait : undefined;
  }

  async #json<T>(request: CallRequest): Promise<T> {
    return JSON.parse(Buffer.from(await this.#ask(request)).toString('utf8')) as T;
  }

  async #ask(request: CallRequest): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await this.#node.askCalls(request);
    } catch (error) {
      // That smaller batches might do does not help here.
      throw error instanceof BatchError ? new NodeError({ ...error.remote, node: this.#node.url }) : error;
    }
  }
}

function pathOf(call: string, what: string, query: Query = {}): string {
  return `/v1/calls/${encodeURIComponent(call)}${what === '' ? '' : `/${what}`}${queryOf(query)}`;
}

function queryOf(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}
