/**
 * Loaded by AVA before each file of tests: one that does not end fails, and says so. AVA would let it take the place of
 * all files to come, and name it only when every other is done.
 */
import { registerCompletionHandler } from 'ava';

const LIMIT = 8 * 60_000;
const GRACE = 30_000;

function failIn(milliseconds: number, why: string): void {
  const fail = (): never => {
    throw new Error(`${why}; what keeps it: ${process.getActiveResourcesInfo().join(', ')}`);
  };
  setTimeout(fail, milliseconds).unref();
}

failIn(LIMIT, 'These tests were not done after 8 minutes');
registerCompletionHandler(() => failIn(GRACE, 'These tests were done, but their process did not end for 30 s'));
