import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LibraryTokenizer } from '../../../models/tokenizer/library.ts';
import { loadTokenizer } from '../../../models/tokenizer/load.ts';
import { WordPieceTokenizer } from '../../../models/tokenizer/wordpiece.ts';
import { fixturePath, miniLmTokenizer } from './fixture.ts';

type Json = Record<string, unknown>;

async function written(t: ExecutionContext, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'warpmap-tokenizer-'));
  t.teardown(async () => rm(folder, { recursive: true }));
  const path = join(folder, 'tokenizer.json');
  await writeFile(path, content);
  return path;
}

const plain = JSON.parse(await readFile(miniLmTokenizer, 'utf8')) as Json;
const added = plain['added_tokens'] as Json[];

test('a plain BERT WordPiece takes the fast path', async (t) => {
  t.true((await loadTokenizer(await written(t, JSON.stringify(plain)))) instanceof WordPieceTokenizer);
});

const deviations: readonly (readonly [what: string, change: Json])[] = [
  ['another normaliser', { normalizer: { type: 'Lowercase' } }],
  ['no cleaning', { normalizer: { ...(plain['normalizer'] as Json), clean_text: false } }],
  ['another pre-tokeniser', { pre_tokenizer: { type: 'Whitespace' } }],
  ['a normalised added token', { added_tokens: [...added, { id: 1, content: 'foo', normalized: true }] }],
  ['an added token that strips', { added_tokens: [{ ...added[0], lstrip: true }, ...added.slice(1)] }],
];

for (const [what, change] of deviations) {
  test(`${what} takes the library`, async (t) => {
    const path = await written(t, JSON.stringify({ ...plain, ...change }));
    t.true((await loadTokenizer(path)) instanceof LibraryTokenizer);
  });
}

test('the pad id comes from the file', async (t) => {
  t.is((await loadTokenizer(miniLmTokenizer)).padId, 0);
  t.is((await loadTokenizer(fixturePath('unigram/tokenizer.json'))).padId, 1);
});

test('a missing file, a file that is not JSON and one that is no tokeniser are told apart', async (t) => {
  await t.throwsAsync(loadTokenizer('/nowhere/tokenizer.json'), { code: 'MODEL_NOT_FOUND' });
  for (const content of ['{"model":', '[]', '{"model":{},"added_tokens":[{}]}']) {
    const path = await written(t, content);
    await t.throwsAsync(loadTokenizer(path), { code: 'MODEL_INVALID' });
  }
  const path = await written(t, '{"model":{"type":"Nonsense","vocab":{}}}');
  await t.throwsAsync(loadTokenizer(path), { code: 'MODEL_UNSUPPORTED', message: /Nonsense/ });
});
