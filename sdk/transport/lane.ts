import type { Answer, Batch, Lane } from '../../shard/contract.ts';
import { BatchError, ShardError } from '../../shard/errors.ts';
import { encodeRequest } from '../../shard/wire/encode.ts';
import type { BatchEnd, Message } from '../../shard/wire/message.ts';
import { NodeError } from '../errors.ts';
import { ConnectionCut } from './answer.ts';
import { spansOf } from '../../shard/wire/spans.ts';
import { faultOf } from './fault.ts';
import type { Call } from '../node.ts';
import type { NodeClient } from './node-client.ts';

/** Milliseconds that a cancellation may take; the node hears of it also by the closed connections. */
const CANCEL_TIMEOUT = 2_000;

/** The lane that runs a call's batches on one node. */
export class NodeLane<I, O> implements Lane<I, O> {
  readonly #node: NodeClient;
  readonly #call: Call;
  #used = false;
  #cancelled = false;

  constructor(node: NodeClient, call: Call) {
    this.#node = node;
    this.#call = call;
  }

  get name(): string {
    return this.#node.url;
  }

  get concurrency(): number {
    return this.#node.concurrency;
  }

  async *send(batch: Batch<I>, signal: AbortSignal): AsyncGenerator<Answer<O>, void, undefined> {
    const body = this.#encode(batch);
    const path = `${this.#path}/batches/${batch.number}/${batch.attempt}`;
    this.#used = true;
    // A node goes on for a while with a batch whose connection was closed, so it has to be told where none is wanted.
    let unwanted = true;
    try {
      for await (const answer of this.#answers(batch, this.#node.map(body, path, signal))) yield answer;
      unwanted = false;
    } catch (error) {
      unwanted = signal.aborted || error instanceof ConnectionCut || isWrong(error);
      throw error;
    } finally {
      if (unwanted && !this.#cancelled) void this.#stop(path);
    }
  }

  async *#answers(batch: Batch<I>, messages: AsyncIterable<Message>): AsyncGenerator<Answer<O>, void, undefined> {
    for await (const message of messages) {
      switch (message.type) {
        case 'outputs':
          yield { first: message.first, outputs: message.values as O[] };
          break;
        case 'failure':
          yield { index: message.index, error: message.error };
          break;
        case 'end':
          this.#check(batch, message.end);
          return;
        case 'error':
          throw faultOf(this.name, message.error);
        case 'beat':
          break;
        case 'head':
        case 'inputs':
          throw new ShardError('LANE_FAULTY', `${this.name} sent a ${message.type} frame, which only clients send`);
      }
    }
  }

  async check(signal: AbortSignal): Promise<void> {
    try {
      await this.#node.get('/v1/node', signal);
    } catch (error) {
      throw error instanceof NodeError ? faultOf(this.name, error) : error;
    }
  }

  async cancel(): Promise<void> {
    this.#cancelled = true;
    if (this.#used) await this.#stop(this.#path);
  }

  get #path(): string {
    return `/v1/calls/${encodeURIComponent(this.#call.id)}`;
  }

  async #stop(path: string): Promise<void> {
    // A node that can't be told is lost, and has nothing to stop.
    await this.#node.delete(path, AbortSignal.timeout(CANCEL_TIMEOUT)).catch(() => {});
  }

  #encode({ number, attempt, failures, indices, inputs }: Batch<I>): Uint8Array {
    const { id, function: name, options, key } = this.#call;
    const head = {
      function: name,
      call: id,
      batch: number,
      attempt,
      count: inputs.length,
      options,
      ...(failures !== undefined && { failures }),
      spans: spansOf(indices),
      ...(key !== undefined && { key }),
    };
    try {
      return encodeRequest(head, inputs);
    } catch (error) {
      // Inputs that can't travel fail as inputs do, by themselves.
      if (!(error instanceof ShardError) || error.code !== 'INPUT_INVALID') throw error;
      throw new BatchError({ code: error.code, message: error.message }, { cause: error });
    }
  }

  #check(batch: Batch<I>, { count }: BatchEnd): void {
    if (count === batch.inputs.length) return;
    throw new ShardError(
      'LANE_FAULTY',
      `${this.name} ended a batch of ${batch.inputs.length} inputs as one of ${count}`,
    );
  }
}

/** Whether the answer can't be trusted, so that the batch is sent elsewhere while it may still run there. */
function isWrong(error: unknown): boolean {
  return error instanceof ShardError && (error.code === 'LANE_FAULTY' || error.code === 'FRAME_INVALID');
}
