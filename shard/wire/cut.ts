import { estimateBytes } from '../bytes.ts';

/** Frames that a batch is cut into, so that a node can spread it over its workers, within the bounds below. */
const FRAMES = 8;
const MIN_INPUTS = 8;
const MAX_INPUTS = 1024;
/** Estimated bytes of a frame of more than one input: nobody on the way is kept busy by one for long. */
const MAX_BYTES = 256 * 1024;

/** Cuts a batch into the runs of inputs that travel in a frame each: at least one, if there are none an empty one. */
export function* cutInputs<T>(inputs: readonly T[]): Generator<readonly T[], void, undefined> {
  const most = Math.min(MAX_INPUTS, Math.max(MIN_INPUTS, Math.ceil(inputs.length / FRAMES)));
  let from = 0;
  do {
    let bytes = 0;
    let to = from;
    while (to < inputs.length && to - from < most) {
      bytes += estimateBytes(inputs[to]);
      if (bytes > MAX_BYTES && to > from) break;
      to++;
    }
    yield inputs.slice(from, to);
    from = to;
  } while (from < inputs.length);
}
