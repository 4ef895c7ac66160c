/** Whether what the store says of a call is what the model says. */
import type { CallEntry } from '../../../sdk/call/entries.ts';
import type { FunctionCall } from '../../../sdk/call/function-call.ts';
import { isDeepStrictEqual } from 'node:util';
import { decide, type Output, RETRIES } from './decide.ts';
import type { PlannedCall } from './plan.ts';

export interface Audit {
  /** Inputs that failed as they should. */
  readonly failed: number;
  readonly cancelled: number;
  /** Inputs that failed because too many processes died under them, which can be retried. */
  readonly convicted: number;
  /** What is not as it should be, a line each. */
  readonly wrong: readonly string[];
}

/** Codes of failures that are not the function's. */
const CONVICTIONS: ReadonlySet<string> = new Set(['WORKER_CRASHED', 'INPUT_LOST']);

/** Of a call that has ended. */
export async function audit(seed: number, planned: PlannedCall, call: FunctionCall<Output, unknown>): Promise<Audit> {
  const wrong: string[] = [];
  const say = (what: string): void => void wrong.push(`${planned.key}: ${what}`);
  const expect = (what: string, found: unknown, expected: unknown): void => {
    if (!isDeepStrictEqual(found, expected)) say(`expected ${what} to be ${short(expected)}, got ${short(found)}`);
  };
  const positions = (entries: readonly CallEntry<Output>[]): number[] => entries.map(({ index }) => index);
  const asCompleted = await Array.fromAsync(call.entries({ wait: false, ordered: false }));
  const entries = asCompleted.toSorted((one, other) => one.index - other.index);
  const failures = new Set<number>();
  let convicted = 0;
  let retried = 0;
  let before = -1;
  for (const entry of entries) {
    if (entry.index === before) say(`input ${entry.index} has more than one outcome`);
    before = entry.index;
    const expected = decide(seed, planned.first + entry.index);
    if (!('error' in entry)) {
      expect(`output ${entry.index}`, entry.output, expected.output);
      if (expected.failures > RETRIES) say(`input ${entry.index} should have failed`);
      retried += expected.failures;
      continue;
    }
    failures.add(entry.index);
    if (CONVICTIONS.has(entry.error.code)) {
      convicted++;
      continue;
    }
    if (expected.failures <= RETRIES) say(`input ${entry.index} should not have failed: ${entry.error.message}`);
    expect(`the code of failure ${entry.index}`, entry.error.code, 'FUNCTION_FAILED');
    expect(`the attempts of failure ${entry.index}`, entry.error.attempts, RETRIES + 1);
    retried += RETRIES;
  }
  const { state, counts } = await call.status();
  const missing = planned.count - entries.length;
  const mayMiss = planned.fate === 'cancel' && state === 'cancelled';
  if (missing !== 0 && !mayMiss) say(`${missing} of ${planned.count} inputs have no outcome`);
  if (before >= planned.count) say(`there is an input ${before} of ${planned.count}`);
  if (!mayMiss) expect('the state', state, 'done');
  expect(
    'the counts',
    { ...counts, retried: 0 },
    {
      inputs: planned.count,
      pending: 0,
      running: 0,
      done: entries.length - failures.size,
      failed: failures.size,
      cancelled: missing,
      retried: 0,
    },
  );
  if (counts.retried < retried) say(`${counts.retried} tries after the first were counted, of ${retried} at least`);
  // In order there are those up to the first that is missing.
  const gap = entries.findIndex(({ index }, at) => index !== at);
  const ordered = await Array.fromAsync(call.entries({ wait: false }));
  expect('the inputs in order', positions(ordered), positions(gap === -1 ? entries : entries.slice(0, gap)));
  const failed = await Array.fromAsync(call.entries({ wait: false, failed: true }));
  expect('the failures alone', positions(failed), [...failures]);
  return { failed: failures.size - convicted, cancelled: missing, convicted, wrong };
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length})` : text;
}
