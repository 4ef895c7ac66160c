import { readFile } from 'node:fs/promises';
import test from 'ava';
import { nodeRefusal } from '../../cli/node-version.ts';
import { defaultLimits } from '../../server/limits.ts';
import { letters } from '../server/fixtures/engine.ts';
import { main, memoryMain, runCommand } from './fixtures/command.ts';

test('an older Node.js is refused in one line that says how to get a newer one', (t) => {
  for (const version of ['v24.5.0', 'v24.21.0', 'v31.4.1', '24.5.0']) t.is(nodeRefusal(version), undefined, version);
  for (const version of ['v24.4.9', 'v23.11.1', 'v20.19.0', 'v4.0.0', 'unheard-of']) {
    const refusal = nodeRefusal(version);
    t.true(refusal?.includes(version) && refusal.includes('nodejs.org') && !refusal.includes('\n'), version);
  }
});

test('--version prints the version of the package', async (t) => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  t.deepEqual(await runCommand(main, ['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

test('--help names every command', async (t) => {
  const { code, stdout } = await runCommand(main, ['--help']);
  t.is(code, 0);
  for (const name of ['serve', 'doctor', 'embed']) t.regex(stdout, new RegExp(`^  ${name} `, 'm'));
});

/** The command line, and what standard error must show beside exit code 2. */
const mistakes: readonly [line: string, shown: RegExp][] = [
  ['sreve', /unknown command 'sreve'\n\(Did you mean serve\?\)/],
  ['serve --prot 1', /unknown option '--prot'\n\(Did you mean --port\?\)/],
  ['serve --port 65536', /--port.*65536.*Expected an integer from 0 to 65535/],
  ['serve --port 1e3', /--port/],
  ['serve --threads 0', /--threads.*Expected an integer from 1 up/],
  ['serve --device gpu', /--device.*gpu.*webgpu/s],
  ['serve --runtime torch', /--runtime.*onnx/],
  ['serve --drain-seconds -1', /--drain-seconds/],
  ['serve --log-level loud', /--log-level.*debug/],
  ['serve --token abcdefgh --token-file x', /--token <token>.*cannot be used with.*--token-file/],
  ['serve --token short', /error OPTION_INVALID: .*8 to 512/],
  ['serve --limit bodyBytes', /--limit.*name=value/],
  ['serve --limit bodyBites=5', /error OPTION_INVALID: .*`bodyBites`.*bodyBytes/],
  ['serve app.ts somewhere', /too many arguments/],
  ['doctor --jsno', /Did you mean --json/],
  ['embed --dims 1.5', /--dims/],
];

for (const [line, shown] of mistakes) {
  test(`\`warpmap ${line}\` is a mistake of usage`, async (t) => {
    const { code, stdout, stderr } = await runCommand(memoryMain, line.split(' '));
    t.is(code, 2);
    t.is(stdout, '');
    t.regex(stderr, shown);
    t.notRegex(stderr, /\n {4}at /);
  });
}

test('embed prints a line of JSON for each line of text', async (t) => {
  const texts = ['one', '', 'trois', 'four\r'];
  const { code, stdout, stderr } = await runCommand(memoryMain, ['embed', '--dims', '4', '-'], {
    input: `${texts.join('\n')}\n`,
  });
  t.is(stderr, '');
  t.is(code, 0);
  const vectors = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as number[]);
  t.deepEqual(
    vectors,
    ['one', '', 'trois', 'four'].map((text) => Array.from(letters(text, 4))),
  );
});

test('embed of a file that is not there says so', async (t) => {
  const { code, stderr } = await runCommand(memoryMain, ['embed', '/nowhere/texts']);
  t.is(code, 1);
  t.regex(stderr, /^error FILE_UNREADABLE: .*\/nowhere\/texts/);
});

test('an error of the engine is printed by its code', async (t) => {
  const { code, stderr } = await runCommand(memoryMain, ['embed', '--prompt', 'riddle'], { input: 'a\n' });
  t.is(code, 2);
  t.is(stderr, 'error OPTION_INVALID: There is no prompt riddle\n');
});

test('docs/operations.md has every flag of serve and every limit with its default, and no others', async (t) => {
  const docs = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const { stdout } = await runCommand(main, ['serve', '--help']);
  const namesIn = (text: string, pattern: RegExp): string[] =>
    [...text.matchAll(pattern)].map(([, name]) => name!).toSorted(byText);
  const flags = namesIn(stdout, /^ {2}(--[a-z-]+)/gm).filter((name) => name !== '--version' && name !== '--verbose');
  t.deepEqual(namesIn(docs, /^\| `(--[a-z-]+)/gm), flags);
  const limits = Object.entries(defaultLimits).map(([name, value]) => `${name} ${value}`);
  const documented = [...docs.matchAll(/^\| `(\w+)` \| ([\d,]+) \|/gm)].map(
    ([, name, value]) => `${name} ${value!.replaceAll(',', '')}`,
  );
  t.deepEqual(documented, limits);
});

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
