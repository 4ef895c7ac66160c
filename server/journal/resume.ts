import type { Outcome } from '../../core/functions/outcome.ts';
import type { RoutedOutcome } from '../../core/functions/routed.ts';
import { blockOf } from '../../shard/wire/block.ts';
import { Chunks } from '../../shard/wire/chunks.ts';
import { indicesOf, spansOf } from '../../shard/wire/spans.ts';
import { ServerError } from '../errors.ts';
import type { BatchInputs } from '../map/form.ts';
import { plainInputs } from '../map/inputs.ts';
import type { Turns } from '../map/turns.ts';
import { type Found, HASH_BYTES, type Hit, type KeyUse, type Spans } from './contract.ts';
import type { Journal } from './journal.ts';
import { packInputs } from './pack.ts';
import { encoded, placed, slice, valuesOf } from './placed.ts';

export interface KeyedBatch {
  readonly use: KeyUse;
  readonly spans: Spans;
  readonly inputs: BatchInputs;
  readonly turns: Turns;
  /** Told how many inputs were answered from the journal. */
  readonly onHit: (inputs: number) => void;
  /** Runs those inputs that are not journaled, and are there in the map. */
  readonly run: (inputs: BatchInputs, spans: Spans) => AsyncIterable<Outcome | RoutedOutcome>;
}

/**
 * What becomes of each input of a batch under a key: outputs that the journal has are told, other inputs are run, and
 * their outputs journaled. Failures are not, so that those inputs are tried again. Throws `KEY_CONFLICT` or
 * `JOURNAL_UNAVAILABLE`.
 */
export async function* resumed(
  journal: Journal,
  { use, spans, inputs, turns, onHit, run }: KeyedBatch,
): AsyncGenerator<RoutedOutcome, void, undefined> {
  const values = await inputs.values(turns);
  const found = await journal.find(use, spans, await packInputs(values, turns));
  if (found.kind === 'conflict') throw conflictOf(use, found);
  const told = new Uint8Array(values.length);
  for (const hit of found.hits) {
    const bytes = await journal.read(hit.block);
    // Forgotten a moment ago: those inputs are run.
    if (!bytes) continue;
    told.fill(1, hit.position, hit.position + hit.count);
    onHit(hit.count);
    yield* outputsOf(hit, bytes, turns);
  }
  const positions = [...values.keys()].filter((position) => told[position] === 0);
  if (positions.length === 0 && values.length > 0) return;
  const whole = positions.length === values.length;
  const indices = indicesOf(spans);
  const outcomes = whole
    ? run(inputs, spans)
    : run(
        plainInputs(positions.map((position) => values[position])),
        spansOf(positions.map((position) => indices[position]!)),
      );
  for await (const outcome of placed(outcomes, { positions, indices, turns })) {
    if (outcome.kind === 'encoded') {
      const { first, block } = outcome;
      await journal.add(found.id, {
        first: indices[first]!,
        count: block.count,
        hashes: found.hashes.slice(first * HASH_BYTES, (first + block.count) * HASH_BYTES),
        // A copy, since the answer has the original.
        block: Uint8Array.from(block.bytes.joined()),
      });
    }
    yield outcome;
  }
}

/** What the journal has for consecutive inputs: the block as it is, where they are all that it has. */
async function* outputsOf(
  { position, offset, count }: Hit,
  bytes: Uint8Array<ArrayBuffer>,
  turns: Turns,
): AsyncGenerator<RoutedOutcome, void, undefined> {
  const block = blockOf(new Chunks([bytes]));
  if (count === block.count) {
    yield { kind: 'encoded', first: position, block };
    return;
  }
  const wanted = slice(valuesOf(block), offset, offset + count);
  for await (const [from, part] of encoded(wanted, turns))
    yield { kind: 'encoded', first: position + from, block: part };
}

function conflictOf(use: KeyUse, { used, index }: Extract<Found, { kind: 'conflict' }>): ServerError {
  const mend = 'give this map a key of its own, or forget the old one';
  const key = JSON.stringify(use.key);
  const details = { key: use.key, ...(index !== undefined && { index }) };
  const what =
    index === undefined
      ? `Key ${key} stands for ${describe(used)}, and not for ${describe(use)}`
      : `Input ${index} is not the one that was mapped under key ${key} before`;
  return new ServerError('KEY_CONFLICT', `${what}; ${mend}`, { details });
}

function describe({ function: name, options, model }: KeyUse): string {
  const text = options.length > 200 ? `${options.slice(0, 200)}…` : options;
  return `${name} with options ${text} and model ${model}`;
}
