import { WIDTH } from '../map/work.ts';

/** Each vector of a batch that came back as one array. */
export function* vectorsOf(data: Float32Array): Generator<Float32Array> {
  for (let start = 0; start < data.length; start += WIDTH) yield data.subarray(start, start + WIDTH);
}
