import { Packr, type Options } from 'msgpackr';
import { ShardError } from '../errors.ts';
import { invalid } from './limits.ts';
import { Allowance, scanList, scanValue } from './scan.ts';

const options: Options = {
  useRecords: false,
  moreTypes: true,
  mapsAsObjects: true,
  // Without this a function would be sent as undefined, in silence.
  writeFunction: () => {
    throw new ShardError('INPUT_INVALID', "a function can't travel");
  },
};
const packr = new Packr(options);

/**
 * MessagePack bytes of any plain value; the view is good until the next call. A −0 inside becomes 0, a Map becomes an
 * object. Throws `INPUT_INVALID`.
 */
export function packValue(value: unknown, allowance: Allowance = new Allowance()): Uint8Array {
  try {
    const bytes = packr.pack(value);
    // What would be refused on arrival is refused here, where the caller can see why.
    scanValue(bytes as Uint8Array<ArrayBuffer>, allowance);
    return bytes;
  } catch (error) {
    throw new ShardError(
      'INPUT_INVALID',
      `Expected plain data (numbers, strings, arrays, objects, typed arrays, dates), but: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

function reasonOf(error: unknown): string {
  // The packer goes round a cycle until its stack is full.
  if (error instanceof RangeError && error.message.includes('call stack'))
    return 'it contains itself, or nests too deep';
  return error instanceof Error ? error.message : String(error);
}

/** Exactly one MessagePack value at the start of `bytes`, and how many bytes it took. Throws `FRAME_INVALID`. */
export function unpackValue(
  bytes: Uint8Array<ArrayBuffer>,
  allowance: Allowance = new Allowance(),
): { value: unknown; length: number } {
  const length = scanValue(bytes, allowance);
  try {
    return { value: packr.unpack(bytes.subarray(0, length)), length };
  } catch (error) {
    throw invalid('A MessagePack value could not be read', error);
  }
}

/** Bytes of values that are built in one go. */
const STEP_BYTES = 64 * 1024;

/**
 * Appends to `values` the elements of the MessagePack array at the start of `bytes`, some at a time, and returns how
 * many bytes it took. Throws `FRAME_INVALID`, also if there are not `count` of them.
 */
export function* unpackList(
  bytes: Uint8Array<ArrayBuffer>,
  values: unknown[],
  { count, allowance }: { readonly count: number; readonly allowance: Allowance },
): Generator<void, number, undefined> {
  const ends = scanList(bytes, { count, allowance, stepBytes: STEP_BYTES });
  let start: number | undefined;
  for (const end of ends) {
    if (start !== undefined) {
      try {
        packr.unpackMultiple(bytes.subarray(start, end), (value: unknown) => void values.push(value));
      } catch (error) {
        throw invalid('A MessagePack value could not be read', error);
      }
      yield;
    }
    start = end;
  }
  if (values.length !== count) throw invalid(`Expected a MessagePack array of ${count} values`);
  return start ?? 0;
}
