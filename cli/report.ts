/** An error for a terminal: `error CODE: message`, and its stack and causes where they are wanted. */
export function describeError(error: unknown, { stack }: { readonly stack: boolean }): string {
  if (!(error instanceof Error)) return `error UNKNOWN: ${String(error)}`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  const lines = [`error ${code}: ${error.message}`];
  if (stack) lines.push(...stackOf(error));
  else if (code === 'UNKNOWN')
    lines.push('This should not happen; run again with --verbose for its stack, and report it');
  return lines.join('\n');
}

function* stackOf(error: Error): Generator<string> {
  const [, ...frames] = (error.stack ?? '').split(/\n(?= {4}at )/);
  yield* frames;
  if (!(error.cause instanceof Error)) return;
  yield `caused by ${error.cause.name}: ${error.cause.message}`;
  yield* stackOf(error.cause);
}
