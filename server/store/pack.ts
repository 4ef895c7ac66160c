import type { CallFailure, CallLogLine } from '../../shard/call/contract.ts';
import { packValue, unpackValue } from '../../shard/wire/values.ts';

/** Plain data as the stores keep it: the MessagePack of docs/wire.md, in memory of its own. Throws `INPUT_INVALID`. */
export function packPlain(value: unknown): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(packValue(value));
}

export function unpackPlain<Value>(bytes: Uint8Array): Value {
  return unpackValue(Uint8Array.from(bytes)).value as Value;
}

/** A failure is never refused, or its input would have no outcome: details that can't be kept are left out. */
export function packFailure(failure: CallFailure): Uint8Array<ArrayBuffer> {
  try {
    return packPlain(failure);
  } catch {
    const { code, message } = failure.error;
    return packPlain({ ...failure, error: { code, message } });
  }
}

/** A line whose fields can't be kept is kept without them. */
export function packLine(line: CallLogLine): Uint8Array<ArrayBuffer> {
  try {
    return packPlain(line);
  } catch {
    const { fields: _, ...rest } = line;
    return packPlain(rest);
  }
}
