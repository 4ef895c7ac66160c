import type { BenchOptions } from './options.ts';
import type { Environment, Result } from './contract.ts';

/** Prints results as lines of JSON, or as tables for people, one a question. */
export function report(results: readonly Result[], { json }: Pick<BenchOptions, 'json'>): void {
  if (json) {
    for (const result of results) console.log(JSON.stringify(result));
    return;
  }
  for (const [question, rows] of Map.groupBy(results, (result) => result.question)) {
    console.log(`\n${question}`);
    for (const line of aligned(rows.map(cellsOf))) console.log(`  ${line}`);
  }
  const [first] = results;
  if (first !== undefined) console.log(`\n${sentence(first.environment)}`);
}

function cellsOf({ subject, value, range: [low, high], unit, ratioToBestPeer }: Result): string[] {
  const ratio = ratioToBestPeer === null ? '' : `${ratioToBestPeer.toFixed(2)} × the best peer`;
  const range = low === high ? '' : `(${number.format(low)} to ${number.format(high)})`;
  return [subject, number.format(value), unit, range, ratio];
}

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

/** The second column is of numbers, and set to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string =>
    column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd());
}

function sentence({ device, cpu, cores, memoryBytes, node, warpmap, commit, seed, date }: Environment): string {
  const memory = `${(memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  const version = commit === undefined ? warpmap : `${warpmap} (${commit})`;
  return `on ${device}; ${cpu}, ${cores} cores, ${memory}; Node ${node}; warpmap ${version}; seed ${seed}; ${date}`;
}
