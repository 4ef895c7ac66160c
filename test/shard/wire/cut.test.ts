import { fc, testProp } from '@fast-check/ava';
import { blockOf, decodeBlock, decodeBlockInSteps, encodeBlock } from '../../../shard/wire/block.ts';
import { Chunks } from '../../../shard/wire/chunks.ts';
import { cutInputs } from '../../../shard/wire/cut.ts';
import { column, cut } from './arbitraries.ts';

testProp(
  'a batch is cut into runs that make it up, none of them large unless one input is',
  [
    fc.array(
      fc.oneof(
        fc.nat(),
        fc.string(),
        fc.nat({ max: 300_000 }).map((length) => 'x'.repeat(length)),
      ),
    ),
  ],
  (t, inputs) => {
    const parts = [...cutInputs(inputs)];
    t.deepEqual(parts.flat(), inputs);
    t.true(parts.length >= 1);
    for (const part of parts) {
      const size = part.reduce<number>((sum, each) => sum + (typeof each === 'string' ? each.length : 8), 0);
      t.true(part.length <= Math.max(8, Math.ceil(inputs.length / 8)));
      t.true(part.length === 1 || size <= 256 * 1024);
    }
  },
);

testProp(
  'a block is read in steps as in one go, and says how many values it has before',
  [column, fc.array(fc.nat())],
  (t, values, places) => {
    const { count, bytes } = encodeBlock(values);
    t.is(count, values.length);
    const block = blockOf(new Chunks(cut(bytes.joined(), places) as Uint8Array<ArrayBuffer>[]));
    t.is(block.count, values.length);
    t.deepEqual(decodeBlock(block), values);
    const steps = decodeBlockInSteps(block);
    let step = steps.next();
    while (!step.done) step = steps.next();
    t.deepEqual(step.value, values);
  },
);
