import type { Inputs, MapOptions, NodeInfo, Outputs, Vectors } from './contract.ts';
import type { Nodes } from './node.ts';
import { remoteMap } from './remote-function.ts';
import { ShardError } from '../shard/errors.ts';
import { requireIterable } from '../shard/iterables.ts';
import { requireKnown } from '../shard/options.ts';

export interface EmbedChoices {
  /** Name of one of the model's prompts, such as `query`, or `''` for none. Default: none. */
  readonly prompt?: string;
  /** Truncate to this many leading components and normalise again. Default: the model's own. */
  readonly dims?: number;
}

export interface EmbedOptions extends EmbedChoices {
  readonly signal?: AbortSignal;
}

export interface Embed {
  /** One vector per text, in order, as one block of memory. Throws an `InputError` for a text that fails. */
  (texts: readonly string[], options?: EmbedOptions): Promise<Vectors>;
  /** One vector per text, streamed: any number of texts on bounded memory. */
  map<E extends boolean = false>(
    texts: Inputs<string>,
    options?: MapOptions<E> & EmbedChoices,
  ): Outputs<Float32Array, E>;
}

/** All texts are at hand and none is shown before the last: larger batches, in which more texts of one length meet. */
const BLOCK_BATCHES = { initialBatchSize: 256, batchMilliseconds: 1000 };

const EMBED_NAMES: ReadonlySet<string> = new Set<keyof EmbedOptions>(['prompt', 'dims', 'signal']);

export function embedOn(nodes: Nodes, model: NodeInfo['model']): Embed {
  const map: Embed['map'] = (texts, options = {}) => {
    const { prompt, dims, ...rest } = options;
    requireIterable(texts, 'texts');
    return remoteMap(nodes, 'embed', texts, { options: given({ prompt, dims }), map: rest });
  };

  const embed = async (texts: readonly string[], options: EmbedOptions = {}): Promise<Vectors> => {
    requireKnown(options, EMBED_NAMES, 'embed');
    if (!Array.isArray(texts)) {
      throw new ShardError(
        'INPUT_INVALID',
        'Expected texts to be an array; for one text embed([text]), for others embed.map',
      );
    }
    let data: Float32Array<ArrayBuffer> | undefined;
    let width = options.dims ?? model.dims;
    let row = 0;
    for await (const vector of map(texts, { ...BLOCK_BATCHES, ...options })) {
      if (!data) {
        width = vector.length;
        data = new Float32Array(texts.length * width);
      }
      if (vector.length !== width) {
        throw new ShardError('LANE_FAULTY', `Expected vectors of ${width} components, got one of ${vector.length}`);
      }
      data.set(vector, row++ * width);
    }
    return { count: row, dims: width, data: data ?? new Float32Array() };
  };

  return Object.assign(embed, { map });
}

/** Only the options that were given, since a node refuses those it doesn't know. */
export function given(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
