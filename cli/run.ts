import { CommanderError } from 'commander';
import type { Parts } from './parts.ts';
import { createProgram } from './program.ts';
import { describeError } from './report.ts';

const FAILED = 1;
const USAGE = 2;

/** Runs one command line and resolves to its exit code: 0, 1 if it failed, 2 if it was not understood. */
export async function run(line: readonly string[], parts?: Parts): Promise<number> {
  const program = createProgram(parts);
  try {
    await program.parseAsync(line, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has written its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    const { verbose } = program.opts<{ verbose?: true }>();
    process.stderr.write(`${describeError(error, { stack: verbose === true })}\n`);
    return isUsage(error) ? USAGE : FAILED;
  }
}

function isUsage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'USAGE' || error.code === 'OPTION_INVALID');
}
