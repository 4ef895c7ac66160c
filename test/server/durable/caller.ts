import { randomUUID } from 'node:crypto';
import { request } from 'undici';
import type { CallChunk, CallLogLine, CallOutcome, CallStart, CallStatus } from '../../../shard/call/contract.ts';
import { CHUNKS_MEDIA_TYPE, type CallOutcomes, decodeOutcomes, encodeChunks } from '../../../shard/call/frames.ts';
import { decodeBlock, encodeBlock } from '../../../shard/wire/block.ts';
import { Chunks } from '../../../shard/wire/chunks.ts';

/** A test's own small client of durable calls, independent of sdk/. */
export interface Reply {
  readonly status: number;
  readonly json: unknown;
}

export async function ask(
  url: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await request(`${url}/v1/${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
  });
  const text = await response.body.text();
  return { status: response.statusCode, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

/** The chunks of some inputs, of `size` each. */
export function chunksOf(inputs: readonly unknown[], size: number, from = 0): CallChunk[] {
  return Array.from({ length: Math.ceil(inputs.length / size) }, (_, at) => {
    const part = inputs.slice(at * size, (at + 1) * size);
    const block = encodeBlock(part).bytes.joined();
    return { index: from + at, first: (from + at) * size, count: part.length, block };
  });
}

export interface Spawn extends Partial<CallStart> {
  readonly inputs: readonly unknown[];
  /** Inputs of a chunk. Default: 8. */
  readonly size?: number;
}

/** One call on one node. */
export class Caller {
  readonly url: string;
  readonly id: string;

  constructor(url: string, id: string) {
    this.url = url;
    this.id = id;
  }

  /** Begins a call, and brings and seals all of its inputs. */
  static async spawn(url: string, { inputs, size = 8, ...start }: Spawn): Promise<Caller> {
    const id = start.id ?? randomUUID();
    await good(ask(url, 'POST', 'calls', { function: 'count', ...start, id }));
    const caller = new Caller(url, id);
    const chunks = chunksOf(inputs, size);
    await caller.bring(chunks);
    await good(ask(url, 'POST', `calls/${id}/seal`, { chunks: chunks.length, inputs: inputs.length }));
    return caller;
  }

  async bring(chunks: readonly CallChunk[]): Promise<Reply> {
    const body = encodeChunks(chunks).joined();
    return good(ask(this.url, 'POST', `calls/${this.id}/chunks`, body, { 'content-type': CHUNKS_MEDIA_TYPE }));
  }

  post(what: 'cancel' | 'retry' | 'forget'): Promise<Reply> {
    return ask(this.url, 'POST', `calls/${this.id}/${what}`);
  }

  async status(wait = 0): Promise<CallStatus> {
    return (await good(ask(this.url, 'GET', `calls/${this.id}?wait=${wait}`))).json as CallStatus;
  }

  /** How it is when it has ended. */
  async ended(): Promise<CallStatus> {
    for (;;) {
      const status = await this.status(30_000);
      if (status.state === 'done' || status.state === 'cancelled') return status;
    }
  }

  async page(query: string): Promise<CallOutcomes> {
    const { statusCode, body } = await request(`${this.url}/v1/calls/${this.id}/outcomes?${query}`);
    const bytes = await body.bytes();
    if (statusCode !== 200) throw new Error(Buffer.from(bytes).toString());
    return decodeOutcomes(Uint8Array.from(bytes));
  }

  /** The outputs by position, or the codes of failures. */
  async outcomes(): Promise<unknown[]> {
    const found: unknown[] = [];
    for (let from = 0; ;) {
      const { outcomes, next, end } = await this.page(`from=${from}&wait=30000`);
      for (const outcome of outcomes) put(found, outcome);
      if (end) return found;
      from = next;
    }
  }

  async logs(after = 0, wait = 0): Promise<{ readonly lines: readonly CallLogLine[]; readonly next: number }> {
    const { json } = await good(ask(this.url, 'GET', `calls/${this.id}/logs?after=${after}&wait=${wait}`));
    return json as { lines: CallLogLine[]; next: number };
  }
}

/** Failures stand as their errors. */
function put(found: unknown[], outcome: CallOutcome): void {
  if (outcome.kind === 'failure') {
    const { error, attempts, losses, input } = outcome.failure;
    found[outcome.first] = { code: error.code, message: error.message, attempts, losses, input };
    return;
  }
  const values = decodeBlock({ bytes: new Chunks([outcome.block]) });
  for (const [offset, value] of values.entries()) found[outcome.first + offset] = value;
}

async function good(asked: Promise<Reply>): Promise<Reply> {
  const reply = await asked;
  if (reply.status < 300) return reply;
  throw new Error(`${reply.status} ${JSON.stringify(reply.json)}`);
}
