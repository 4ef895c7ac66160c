import type { Engine } from '../core/contract.ts';
import { CoreError } from '../core/errors.ts';
import type { Outputs } from '../core/functions/contract.ts';
import type { Registry } from '../core/functions/registry.ts';
import { partInputs, runBatch } from '../core/functions/run-batch.ts';
import type { Answer, Batch, Lane } from '../shard/contract.ts';
import { BatchError } from '../shard/errors.ts';
import type { RemoteError } from '../shard/wire/message.ts';
import type { Call } from '../sdk/node.ts';

/** While one batch runs, the texts of the next are tokenised. */
const CONCURRENCY = 2;

/** The lane that runs a call's batches on the engine of this process: what a node does, less the wire. */
export class EngineLane<I, O> implements Lane<I, O> {
  readonly name = 'local';
  readonly concurrency: number = CONCURRENCY;
  readonly #engine: Engine;
  readonly #functions: Registry;
  readonly #call: Call;

  constructor(engine: Engine, functions: Registry, call: Call) {
    this.#engine = engine;
    this.#functions = functions;
    this.#call = call;
  }

  async *send(batch: Batch<I>, signal: AbortSignal): AsyncGenerator<Answer<O>, void, undefined> {
    const hosted = this.#functions.get(this.#call.function);
    const bound = hosted.bind(this.#call.options, this.#engine, {
      call: this.#call.id,
      batch: batch.number,
      failures: batch.failures ?? 0,
    });
    const options = { signal, partInputs: partInputs(this.#engine.device) };
    try {
      for await (const outcome of runBatch(hosted, bound, batch.inputs, options)) {
        if (outcome.kind === 'failure') yield { index: outcome.index, error: remoteErrorOf(outcome.error) };
        else yield { first: outcome.first, outputs: valuesOf(outcome.outputs) as O[] };
      }
    } catch (error) {
      throw isOfInputs(error) ? new BatchError(remoteErrorOf(error), { cause: error }) : error;
    }
  }
}

/** Codes that say that an input is at fault: smaller batches will tell which. */
const INPUT_CODES: readonly string[] = [
  'INPUT_INVALID',
  'FUNCTION_FAILED',
  'COLLECTION_MISMATCH',
  'ID_NOT_FOUND',
  'OUT_OF_MEMORY',
];

function isOfInputs(error: unknown): boolean {
  return error instanceof CoreError && INPUT_CODES.includes(error.code);
}

function remoteErrorOf(error: unknown): RemoteError {
  if (!(error instanceof Error)) return { code: 'FUNCTION_FAILED', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'FUNCTION_FAILED';
  return { code, message: error.message, details: { stack: error.stack } };
}

function valuesOf(outputs: Outputs): readonly unknown[] {
  if (outputs.kind === 'values') return outputs.values;
  const { count, dims, data } = outputs.vectors;
  return Array.from({ length: count }, (_, row) => data.subarray(row * dims, (row + 1) * dims));
}
