import { styleText } from 'node:util';
import type { Passage } from './corpus.ts';

export function heading(word: string, text: string): void {
  console.log(`\n${styleText(['bold', 'cyan'], word)}  ${styleText('bold', text)}`);
}

export function line(text: string): void {
  console.log(`  ${text}`);
}

/** One result on one line: score, source, and as much of the text as the terminal is wide. */
export function passage(score: number, found: Passage | undefined): void {
  if (found === undefined) return;
  const source = `${found.country}, ${found.topic}`;
  const room = Math.max(40, (process.stdout.columns ?? 120) - source.length - 14);
  const text = found.text.length <= room ? found.text : `${found.text.slice(0, room - 1)}…`;
  console.log(`  ${styleText('green', score.toFixed(3))}  ${styleText('bold', source)}  ${styleText('dim', text)}`);
}
