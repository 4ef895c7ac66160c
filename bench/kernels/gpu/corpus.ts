/** Vectors from a seed that are made where they are used, since ten million of them take the host minutes. */
import { type Launcher, type Panels, panelsBytes, sizeLimit } from '../../../kernels/index.ts';
import { panelsFile } from '../../../kernels/panels/layout.ts';

export interface Corpus {
  readonly seed: number;
  readonly count: number;
  /** A multiple of 8. */
  readonly dims: number;
}

const program = { files: [panelsFile, new URL('corpus.wgsl', import.meta.url)] };

/**
 * One row, as `corpus.wgsl` and gpu_search_peer.py make it: bytes from -128 to 127, over 128. Halves hold them exactly, and
 * sums of up to 1,024 products are exact in float32, so that every subject must find the very same scores.
 */
export function rowOf({ seed, dims }: Corpus, row: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(dims);
  for (let at = 0; at < dims; at++) {
    const word = mixed(mixed((row * dims) / 4 + Math.floor(at / 4)) ^ seed);
    values[at] = (((word >>> (8 * (at % 4))) & 0xff) - 128) / 128;
  }
  return values;
}

/** Makes a corpus in memory of the device, in as few segments as hold it. The caller destroys their buffers. */
export async function makeCorpus(launcher: Launcher, corpus: Corpus): Promise<Panels[]> {
  const { count, dims, seed } = corpus;
  const granules = dims / 8;
  const most = Math.floor(sizeLimit(launcher.device) / panelsBytes('f16', dims, 64)) * 64;
  const each = Math.ceil(count / Math.ceil(count / most) / 64) * 64;
  const pipeline = await launcher.pipeline(program);
  const segments: Panels[] = [];
  for (let first = 0; first < count; first += each) {
    const rows = Math.min(each, count - first);
    const size = panelsBytes('f16', dims, rows);
    const buffer = await launcher.allocate(size);
    const immediates = Uint32Array.of(seed, first, rows, granules);
    const workgroups = launcher.grid(Math.ceil((rows * granules) / 64));
    await launcher.submit([{ pipeline, bindings: [{ buffer, offset: 0, size }], immediates, workgroups }]);
    segments.push({ buffer, type: 'f16', rows, dims });
  }
  return segments;
}

/** Bits that depend on all of a word's: `lowbias32` of Chris Wellons's hash prospector (public domain). */
function mixed(value: number): number {
  let word = value;
  word = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  word = Math.imul(word ^ (word >>> 15), 0x846ca68b);
  return (word ^ (word >>> 16)) >>> 0;
}
