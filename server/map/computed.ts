import type { Engine } from '../../core/contract.ts';
import type { Audience, BatchName } from '../../core/functions/batch-name.ts';
import type { Outcome } from '../../core/functions/outcome.ts';
import type { RoutedOutcome } from '../../core/functions/routed.ts';
import { partInputs, runBatch } from '../../core/functions/run-batch.ts';
import type { NodeFunction } from '../functions.ts';
import type { MapRequest } from './form.ts';
import type { Turns } from './turns.ts';

export interface Surroundings {
  readonly hosted: NodeFunction;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  /** What has not begun waits while nobody listens. Default: someone does. */
  readonly audience?: Audience;
  /** Takes what handlers write while they run these inputs. Default: only the node's log does. */
  readonly onLog?: BatchName['onLog'];
}

/** What becomes of each input, run when that is asked for. Throws at once what is wrong with the function's options. */
export function computed(
  { hosted, engine, signal, ...around }: Surroundings,
  { head, inputs }: Pick<MapRequest, 'head' | 'inputs'>,
  turns: Turns,
): AsyncIterable<Outcome | RoutedOutcome> {
  const batch = { ...head, ...around };
  if ('route' in hosted) return hosted.route(head.options, engine, batch)(inputs.blocks(), signal);
  const bound = hosted.bind(head.options, engine, batch);
  const options = { signal, partInputs: partInputs(engine.device) };
  return (async function* decoded() {
    yield* runBatch(hosted, bound, await inputs.values(turns), options);
  })();
}
