import { inspect } from 'node:util';

const PREVIEW_LENGTH = 120;

/** The beginning of a value, as text, for people. */
export function previewOf(value: unknown): string {
  const text = inspect(value, {
    depth: 1,
    maxArrayLength: 3,
    maxStringLength: 80,
    breakLength: Infinity,
    customInspect: false,
  });
  return text.length <= PREVIEW_LENGTH ? text : `${text.slice(0, PREVIEW_LENGTH)}…`;
}
