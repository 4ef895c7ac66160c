import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import test from 'ava';
import { memoryMain } from './fixtures/command.ts';

/** Runs `embed` over three texts, its standard output going to an open file. */
function embedInto(stdout: number): { code: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [...process.execArgv, memoryMain, 'embed'], {
    input: 'one\ntwo\nthree\n',
    stdio: ['pipe', stdout, 'pipe'],
    encoding: 'utf8',
  });
  return { code: status, stderr };
}

test.runIf(existsSync('/dev/full'))('embed onto a disk that is full says so and fails', (t) => {
  const full = openSync('/dev/full', 'w');
  const { code, stderr } = embedInto(full);
  closeSync(full);
  t.is(code, 1);
  t.regex(stderr, /^error ENOSPC: standard output/);
});
