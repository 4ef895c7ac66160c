import { Options } from '../../core/functions/options.ts';
import type { RoutedFunction, RoutedOutcome } from '../../core/functions/routed.ts';
import type { StreamFunction } from '../../core/functions/stream.ts';
import { qualified } from '../../shard/app/definition.ts';
import type { Block } from '../../shard/wire/block.ts';
import type { FunctionDescription } from './messages.ts';
import type { Pool } from './pool.ts';
import { Sink } from './sink.ts';

/**
 * A function of an app as the node's others are. Options: `spread`, whether each input is the array of the handler's
 * arguments; default `false`, its one argument.
 */
export function hostedOn(
  pool: Pool,
  app: string,
  { name: own, generator, options }: FunctionDescription,
): RoutedFunction {
  const name = qualified(app, own);
  const { timeout } = options;
  const spreadOf = (given: unknown): boolean => new Options(name, given, ['spread']).boolean('spread') ?? false;

  const stream: StreamFunction = (given, blocks, { engine, batch, signal, ahead }) => {
    const spread = spreadOf(given);
    const sink = new Sink(ahead);
    const outcomes = pool.run({ function: own, timeout, engine, batch, spread, signal, blocks, sink });
    return { items: itemsOf(sink, outcomes), taken: (count) => sink.taken(count) };
  };

  return {
    name,
    workers: pool,
    retries: options.retries,
    ...(generator && { stream }),
    route(given, engine, batch) {
      const spread = spreadOf(given);
      return (blocks, signal) => pool.run({ function: own, timeout, engine, batch, spread, signal, blocks });
    },
  };
}

/** The items of one input; throws what that failed with. */
async function* itemsOf(sink: Sink, outcomes: AsyncIterable<RoutedOutcome>): AsyncGenerator<Block, void, undefined> {
  const over = ended(outcomes).finally(() => sink.end());
  // Awaited below, or not at all if the reader leaves.
  over.catch(() => {});
  yield* sink.items;
  await over;
}

async function ended(outcomes: AsyncIterable<RoutedOutcome>): Promise<void> {
  for await (const outcome of outcomes) if (outcome.kind === 'failure') throw outcome.error;
}
