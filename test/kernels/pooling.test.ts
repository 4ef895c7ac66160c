import { fc } from '@fast-check/ava';
import type { ExecutionContext } from 'ava';
import { halfOf, pooling, type Launcher, type Pooling } from '../../kernels/index.ts';
import { floatOfHalf } from '../../kernels/panels/half.ts';
import { normalizeRow } from '../../kernels/panels/norm.ts';
import { poolingReference } from '../../kernels/pooling/reference.ts';
import { spanOfValues } from './calls.ts';
import { onEveryGpu } from './gpus.ts';
import { bits, randomFrom, reals } from './vectors.ts';

const seed = 20261124;
const kinds = ['mean', 'cls', 'last'] as const;
const types = ['f32', 'f16'] as const;

type Floats = Float32Array<ArrayBuffer>;

interface Batch {
  /** What the states hold, as floats. */
  readonly states: Floats;
  readonly mask: Uint32Array<ArrayBuffer>;
  readonly tokens: number;
  readonly dims: number;
  readonly type: 'f32' | 'f16';
}

interface Options {
  readonly pooling: Pooling;
  readonly normalize?: boolean;
}

async function run(launcher: Launcher, batch: Batch, options: Options): Promise<Floats> {
  const { states, mask, tokens, dims, type } = batch;
  const sequences = mask.length / tokens;
  using stateLease = await launcher.upload(type === 'f32' ? states : packed(states));
  using maskLease = await launcher.upload(mask);
  using lease = await launcher.upload(new Float32Array(sequences * dims).fill(7));
  using plan = await pooling.plan(launcher, {
    states: { buffer: stateLease.buffer, type },
    mask: { buffer: maskLease.buffer, rows: sequences, columns: tokens },
    vectors: { buffer: lease.buffer, rows: sequences, columns: dims },
    ...options,
  });
  const [bytes] = await launcher.submit(plan.steps, [spanOfValues(lease.buffer, sequences * dims)]);
  return new Float32Array(bytes!);
}

/** Halves, two to a word. */
function packed(states: Floats): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(states.length / 2));
  new Uint16Array(words.buffer).set(Uint16Array.from(bits(states), halfOf));
  return words;
}

/** States that their type holds exactly; `present` is the share of tokens that the mask has. */
function batchOf(
  from: number,
  type: Batch['type'],
  sequences: number,
  tokens: number,
  dims: number,
  present = 0.7,
): Batch {
  const random = randomFrom(from);
  const mask = Uint32Array.from({ length: sequences * tokens }, () => (random() < present ? 1 : 0));
  const given = reals(~from, sequences * tokens * dims);
  const states =
    type === 'f32'
      ? given
      : new Float32Array(Uint32Array.from(bits(given), (word) => floatOfHalf(halfOf(word))).buffer);
  return { states, mask, tokens, dims, type };
}

function agrees(t: ExecutionContext, actual: Floats, batch: Batch, kind: Pooling): void {
  const { vectors, bounds } = poolingReference(batch.states, batch.mask, { ...batch, pooling: kind });
  const wrong = vectors.findIndex((value, at) => !(Math.abs(actual[at]! - value) <= bounds[at]!));
  t.is(wrong, -1, `${kind} of ${batch.type}, component ${wrong}: expected ${vectors[wrong]}, got ${actual[wrong]}`);
  t.is(actual.length, vectors.length);
}

onEveryGpu('pooling', (check) => {
  check('each kind of each type is within the bound of the float64 reference, at every edge', async (t, gpu) => {
    for (const type of types) {
      for (const kind of kinds) {
        for (const [sequences, tokens, dims] of [
          [1, 1, 1],
          [3, 7, 31],
          [2, 8, 32],
          [3, 9, 33],
          [2, 130, 65],
        ] as const) {
          const batch = batchOf(seed + dims, type, sequences, tokens, dims);
          agrees(t, await run(gpu, batch, { pooling: kind }), batch, kind);
        }
      }
    }
  });

  check(`batches of any shape and mask (seed ${seed})`, async (t, gpu) => {
    const call = fc.record({
      type: fc.constantFrom(...types),
      pooling: fc.constantFrom(...kinds),
      sequences: fc.integer({ min: 1, max: 9 }),
      tokens: fc.integer({ min: 1, max: 40 }),
      dims: fc.integer({ min: 1, max: 80 }),
      present: fc.constantFrom(0, 0.05, 0.5, 1),
      from: fc.integer(),
    });
    const property = fc.asyncProperty(call, async ({ type, pooling: kind, sequences, tokens, dims, present, from }) => {
      const batch = batchOf(from, type, sequences, tokens, dims, present);
      agrees(t, await run(gpu, batch, { pooling: kind }), batch, kind);
    });
    await fc.assert(property, { seed, numRuns: 60 });
  });

  check(
    'the mean of equal states is that state where their count is a power of two; what is masked may be NaN',
    async (t, gpu) => {
      for (const type of types) {
        for (const count of [1, 2, 64]) {
          const states = new Float32Array(100 * 3).fill(NaN);
          for (let token = 0; token < count; token++) states.set([1.5, -0.25, 2 ** -14], token * 3);
          const mask = Uint32Array.from({ length: 100 }, (_, token) => (token < count ? 0xffffffff : 0));
          const batch = { states, mask, tokens: 100, dims: 3, type };
          for (const kind of kinds) {
            t.deepEqual([...(await run(gpu, batch, { pooling: kind }))], [1.5, -0.25, 2 ** -14], `${kind} of ${count}`);
          }
        }
      }
    },
  );

  check('the first and the last token are those of the mask, on whichever side the padding is', async (t, gpu) => {
    const states = Float32Array.from({ length: 2 * 20 }, (_, at) => at);
    const mask = new Uint32Array(40);
    mask.fill(1, 3, 20).fill(1, 20, 37);
    const batch = { states, mask, tokens: 20, dims: 1, type: 'f32' } as const;
    t.deepEqual([...(await run(gpu, batch, { pooling: 'cls' }))], [3, 20]);
    t.deepEqual([...(await run(gpu, batch, { pooling: 'last' }))], [19, 36]);
  });

  check('a sequence without tokens is zeros, NaN comes through, and a copy keeps its bits', async (t, gpu) => {
    const states = Float32Array.of(1, NaN, 2, 3, 5, Infinity, 7, 8);
    const mask = Uint32Array.of(0, 0, 1, 1);
    for (const type of types) {
      const batch = { states, mask, tokens: 2, dims: 2, type };
      t.deepEqual([...(await run(gpu, batch, { pooling: 'mean' }))], [0, 0, 6, Infinity]);
      t.deepEqual([...(await run(gpu, batch, { pooling: 'cls', normalize: true }))], [0, 0, NaN, NaN]);
      t.deepEqual([...(await run(gpu, { ...batch, mask: mask.fill(1) }, { pooling: 'mean' }))].slice(0, 2), [1.5, NaN]);
      mask.fill(0, 0, 2);
    }
    const odd = new Float32Array(Uint32Array.of(0x7f800001, 0x80000001, 0x80000000).buffer);
    const batch = { states: odd, mask: Uint32Array.of(1), tokens: 1, dims: 3, type: 'f32' } as const;
    t.deepEqual(bits(await run(gpu, batch, { pooling: 'last' })), bits(odd));
  });

  check('normalised vectors have the bits of the host, and a call gives the same again', async (t, gpu) => {
    const batch = batchOf(seed, 'f32', 9, 11, 70);
    const plain = await run(gpu, batch, { pooling: 'mean' });
    t.deepEqual(bits(await run(gpu, batch, { pooling: 'mean' })), bits(plain));
    for (let start = 0; start < plain.length; start += 70) normalizeRow(plain.subarray(start, start + 70));
    t.deepEqual(bits(await run(gpu, batch, { pooling: 'mean', normalize: true })), bits(plain));
  });

  check('more workgroups than one dimension of a dispatch can count are all run', async (t, gpu, { narrow }) => {
    const batch = batchOf(seed, 'f16', 5, 3, 70);
    t.deepEqual(bits(await run(narrow, batch, { pooling: 'mean' })), bits(await run(gpu, batch, { pooling: 'mean' })));
  });

  check('no sequences are an empty plan; kinds, types and shapes that there are not are refused', async (t, gpu) => {
    using lease = await gpu.scratch(256);
    const { buffer } = lease;
    const states = { buffer, type: 'f32' } as const;
    const call = {
      states,
      mask: { buffer, rows: 2, columns: 4 },
      vectors: { buffer, rows: 2, columns: 8 },
      pooling: 'mean',
    } as const;
    t.is((await pooling.plan(gpu, call)).steps.length, 1);
    t.is((await pooling.plan(gpu, { ...call, normalize: true })).steps.length, 2);
    const none = { ...call, mask: { buffer, rows: 0, columns: 4 }, vectors: { buffer, rows: 0, columns: 8 } };
    t.is((await pooling.plan(gpu, none)).steps.length, 0);
    for (const wrong of [
      { ...call, pooling: 'max' as 'mean' },
      { ...call, states: { buffer, type: 'f64' as 'f32' } },
      { ...call, states: { ...states, offset: 4 } },
      { ...call, vectors: { buffer, rows: 2, columns: 9 } },
      { ...call, vectors: { buffer, rows: 3, columns: 8 } },
      { ...call, mask: { buffer, rows: 2, columns: 0 } },
    ]) {
      await t.throwsAsync(pooling.plan(gpu, wrong), { code: 'INPUT_INVALID' });
    }
  });
});
