/** transformers.js at its best: batches of texts sorted by length, of the size that is fastest here. */
import { basename, dirname } from 'node:path';
import { importPeer } from './import.ts';

export interface EmbeddingPeer extends AsyncDisposable {
  readonly name: string;
  /** Row-major vectors, in the order of the texts. */
  embed(texts: readonly string[]): Promise<Float32Array>;
  /** Keeps the batch size that is fastest on these texts, and returns it. */
  tune(texts: readonly string[]): Promise<number>;
}

interface Extractor {
  (
    texts: readonly string[],
    options: object,
  ): Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }>;
  dispose(): Promise<void>;
}

/** The part of the library that is used; its own types are there only once it is installed. */
interface Library {
  readonly env: { allowRemoteModels: boolean; allowLocalModels: boolean; localModelPath: string };
  pipeline(task: 'feature-extraction', model: string, options: object): Promise<Extractor>;
}

const batchSizes = [8, 16, 32, 64];

/** Loads the folder that `writeHubFolder` wrote. Throws where `npm run bench:peers` has not been run. */
export async function openTransformers(folder: string, note: string): Promise<EmbeddingPeer> {
  const { library, version } = await importPeer<Library>('@huggingface/transformers');
  library.env.allowRemoteModels = false;
  library.env.allowLocalModels = true;
  library.env.localModelPath = dirname(folder);
  const extract = await library.pipeline('feature-extraction', basename(folder), { dtype: 'fp32', device: 'cpu' });
  let batchSize = 32;

  async function embed(texts: readonly string[]): Promise<Float32Array> {
    const order = texts.map((_, index) => index).sort((a, b) => (texts[a]?.length ?? 0) - (texts[b]?.length ?? 0));
    let vectors = new Float32Array();
    for (let from = 0; from < order.length; from += batchSize) {
      const batch = order.slice(from, from + batchSize);
      const { data, dims } = await extract(
        batch.map((index) => texts[index] ?? ''),
        { pooling: 'mean', normalize: true },
      );
      const width = dims[1] ?? 0;
      if (vectors.length === 0) vectors = new Float32Array(texts.length * width);
      for (const [row, index] of batch.entries()) {
        vectors.set(data.subarray(row * width, (row + 1) * width), index * width);
      }
    }
    return vectors;
  }

  return {
    name: `transformers.js ${version}, ${note}`,
    embed,
    async tune(texts) {
      const seconds = new Map<number, number>();
      for (const size of batchSizes) {
        batchSize = size;
        const start = performance.now();
        await embed(texts);
        seconds.set(size, performance.now() - start);
      }
      [batchSize = 32] = [...seconds].toSorted(([, a], [, b]) => a - b)[0] ?? [];
      return batchSize;
    },
    [Symbol.asyncDispose]: () => extract.dispose(),
  };
}
