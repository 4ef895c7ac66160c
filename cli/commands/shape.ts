import { type Command, Option } from 'commander';
import type { CollectionOptions } from '../../shard/app/collection.ts';
import { positive } from '../parse.ts';

/** What a collection is to be like, where a command makes one. */
export type ShapeFlags = CollectionOptions;

/** Adds them to a command. */
export function withShape(command: Command): Command {
  return command
    .addOption(new Option('--type <type>', 'how vectors are kept; default: f32').choices(['f32', 'f16', 'i8', 'b1']))
    .addOption(
      new Option('--metric <metric>', 'what a score is; default: cosine, of b1 hamming').choices([
        'cosine',
        'dot',
        'euclidean',
        'hamming',
        'jaccard',
      ]),
    )
    .addOption(
      new Option('--dims <number>', "leading components that are kept; default: the model's").argParser(positive),
    )
    .option('--rescore', 'keep float32 too, and order by it what is found by the type');
}

/** The flags that were given, as options. */
export function shapeOf({ type, metric, dims, rescore }: ShapeFlags): CollectionOptions {
  return {
    ...(type !== undefined && { type }),
    ...(metric !== undefined && { metric }),
    ...(dims !== undefined && { dims }),
    ...(rescore !== undefined && { rescore }),
  };
}
