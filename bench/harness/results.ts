import type { Environment, Result, Timing } from './contract.ts';

export interface Rate {
  readonly question: string;
  /** Such as `tokens/s`. */
  readonly unit: string;
  /** Units of one run. */
  readonly amount: number;
}

/** Rates of all subjects, in their order. */
export function resultsOf(timings: readonly Timing[], rate: Rate, environment: Environment): Result[] {
  const rows = timings.map(({ subject, seconds }) => {
    const rates = seconds.map((second) => rate.amount / second).toSorted((a, b) => a - b);
    return { subject, value: median(rates), low: rates[0] ?? Number.NaN, high: rates.at(-1) ?? Number.NaN };
  });
  const peers = rows.filter(({ subject }) => subject.peer).map(({ value }) => value);
  const best = peers.length === 0 ? null : Math.max(...peers);
  return rows.map(({ subject, value, low, high }) => ({
    question: rate.question,
    subject: subject.name,
    value: rounded(value),
    range: [rounded(low), rounded(high)],
    unit: rate.unit,
    ratioToBestPeer: best === null ? null : rounded(value / best),
    environment,
  }));
}

export interface Figure {
  readonly question: string;
  readonly subject: string;
  readonly value: number;
  readonly unit: string;
}

/** Something that was measured once, and is no rate. */
export function resultOf({ question, subject, value, unit }: Figure, environment: Environment): Result {
  const figure = rounded(value);
  return { question, subject, value: figure, range: [figure, figure], unit, ratioToBestPeer: null, environment };
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return (low + high) / 2;
}

/** Four digits: no benchmark repeats to more. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
