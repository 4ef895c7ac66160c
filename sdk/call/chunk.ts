import type { CallChunk } from '../../shard/call/contract.ts';
import { ShardError } from '../../shard/errors.ts';
import { encodeBlock } from '../../shard/wire/block.ts';

/** The chunk of these inputs. Throws `INPUT_INVALID`, with the position in the call of the first that can't travel. */
export function chunkOf(inputs: readonly unknown[], { index, first }: Pick<CallChunk, 'index' | 'first'>): CallChunk {
  try {
    return { index, first, count: inputs.length, block: encodeBlock(inputs).bytes.joined() };
  } catch (error) {
    throw named(inputs, first, error);
  }
}

function named(inputs: readonly unknown[], first: number, error: unknown): unknown {
  for (const [offset, input] of inputs.entries()) {
    try {
      encodeBlock([input]);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new ShardError('INPUT_INVALID', `Input ${first + offset} can't travel: ${reason}`, { cause });
    }
  }
  return error;
}
