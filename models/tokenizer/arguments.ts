import { ModelError } from '../errors.ts';

/** The least `maxTokens` that leaves room for an opening and a closing special token. */
const leastMaxTokens = 2;

export function checkMaxTokens(maxTokens: unknown, specialTokens: number): number {
  const least = Math.max(leastMaxTokens, specialTokens);
  if (typeof maxTokens === 'number' && Number.isSafeInteger(maxTokens) && maxTokens >= least) {
    return maxTokens;
  }
  throw new ModelError(
    'INPUT_INVALID',
    `\`maxTokens\` must be an integer from ${least} (the special tokens alone need ${specialTokens}), got ${String(maxTokens)}.`,
  );
}

export function checkText(text: unknown, index: number): string {
  if (typeof text === 'string') {
    return text;
  }
  const got = text === null ? 'null' : typeof text;
  throw new ModelError('INPUT_INVALID', `Text ${index} must be a string, got ${got}.`);
}
