import test from 'ava';
import type { Session } from '../../../core/runtime/contract.ts';
import { Encoder } from '../../../core/encoder/encoder.ts';
import { CoreError } from '../../../core/errors.ts';
import { resolveDevice } from '../../../core/device/index.ts';
import { readModelFolder } from '../../../models/spec/index.ts';
import { tinyFolder } from '../tinyEngine.ts';

test('a batch that fails behind the one waited for rejects the embedding, and nothing else', async (t) => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  t.teardown(() => process.off('unhandledRejection', note));
  await using folder = await tinyFolder();
  const first = Promise.withResolvers<Float32Array<ArrayBuffer>>();
  const second = Promise.withResolvers<void>();
  let runs = 0;
  // The order of the failures is what is tested, so it is made here and not left to a race in a real session.
  const session: Session = {
    runtime: 'onnx',
    device: await resolveDevice('cpu'),
    dims: 32,
    run() {
      if (++runs === 1) return first.promise;
      second.resolve();
      return Promise.reject(new CoreError('DISPOSED', 'gone'));
    },
    async [Symbol.asyncDispose]() {},
  };
  const model = await readModelFolder(folder.path, { name: 'tiny' });
  await using encoder = await Encoder.open(model, Promise.resolve(session), {
    tokenBudget: 8,
    maxRows: 1,
    maxPadding: 1,
  });
  const embedding = encoder.encode(['one', 'two', 'three', 'four', 'five', 'six']);
  const rejected = t.throwsAsync(embedding, { code: 'DISPOSED' });
  await second.promise;
  // A turn of the loop, after which Node ends a process for a rejection that nobody handles.
  await new Promise((resolve) => setImmediate(resolve));
  first.resolve(new Float32Array(32));
  await rejected;
  t.deepEqual(unhandled, []);
});
