import type { PackedError } from '../../../core/thread/packed-error.ts';

const ROOT = new URL('../../../', import.meta.url).href;
const OURS = ['core/', 'kernels/', 'models/', 'sdk/', 'server/', 'shard/'].map((folder) => ROOT + folder);

/** The error with the stack as its author reads it: it ends with their own code, which Node.js and this package called. */
export function ownStack(error: PackedError): PackedError {
  const { stack, cause } = error;
  return {
    ...error,
    ...(stack !== undefined && { stack: trimmed(stack) }),
    ...(cause && { cause: ownStack(cause) }),
  };
}

function trimmed(stack: string): string {
  const lines = stack.split('\n');
  const last = lines.findLastIndex((line) => !isFrame(line) || isTheirs(line));
  return lines.slice(0, last + 1).join('\n');
}

function isFrame(line: string): boolean {
  return /^ {4}at /.test(line);
}

/** Frames without a place, such as `at async Promise.all (index 0)`, are nobody's. */
function isTheirs(line: string): boolean {
  if (/\(?node:|\(<anonymous>\)|\(index \d+\)|\(native\)/.test(line)) return false;
  return !OURS.some((folder) => line.includes(folder));
}
