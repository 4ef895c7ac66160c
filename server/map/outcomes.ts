import { CoreError } from '../../core/errors.ts';
import type { Outcome } from '../../core/functions/outcome.ts';
import type { RoutedOutcome } from '../../core/functions/routed.ts';
import { refuseWhole } from '../../core/functions/refuse.ts';
import { resumed } from '../journal/resume.ts';
import { useOf } from '../journal/use.ts';
import type { Node } from '../node.ts';
import { computed, type Surroundings } from './computed.ts';
import type { MapRequest } from './form.ts';

/**
 * What becomes of each input of a batch. The batch is run when that is asked for; under a key, only what is not
 * journaled. Throws at once what is wrong with the function's options.
 */
export function outcomesOf(
  { journal, metrics, turns }: Pick<Node, 'journal' | 'metrics' | 'turns'>,
  surroundings: Surroundings,
  { head, inputs }: MapRequest,
): AsyncIterable<Outcome | RoutedOutcome> {
  const { key, spans = [] } = head;
  // Options that are refused are so before a key stands for them.
  const all = computed(surroundings, { head, inputs }, turns);
  if (key === undefined) return refuseWhole(all);
  const { hosted, engine } = surroundings;
  if ('sequential' in hosted && hosted.sequential) {
    throw new CoreError('OPTION_INVALID', `${hosted.name} takes no key: what it does can't be told from a journal`);
  }
  return resumed(journal, {
    use: useOf(key, hosted.name, head.options, engine),
    spans,
    inputs,
    turns,
    onHit: (count) => metrics.resumed(hosted.name, count),
    run: (some, where) => refuseWhole(computed(surroundings, { head: { ...head, spans: where }, inputs: some }, turns)),
  });
}
