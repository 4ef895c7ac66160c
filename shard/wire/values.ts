import { Packr, type Options } from 'msgpackr';
import { ShardError } from '../errors.ts';
import { invalid } from './limits.ts';
import { Allowance, scanValue } from './scan.ts';

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
    const reason = error instanceof Error ? error.message : String(error);
    throw new ShardError(
      'INPUT_INVALID',
      `Expected plain data (numbers, strings, arrays, objects, typed arrays, dates), but: ${reason}`,
      { cause: error },
    );
  }
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
