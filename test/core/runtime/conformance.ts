/** What every runtime must do on every device that it serves. */
import type { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import type { Runtime, Session } from '../../../core/runtime/contract.ts';
import type { Device } from '../../../core/device/contract.ts';
import { batchOf, leastCosine, texts } from './batches.ts';
import { minilm } from './minilm.ts';

export interface Subject {
  /** Such as `onnx on cpu`. */
  readonly name: string;
  readonly runtime: Runtime;
  readonly device: Device | undefined;
  /** Why this pair can't run on this machine. */
  readonly skip: string | undefined;
  /** Least cosine with the reference for the same row. */
  readonly agreement: number;
  /** For drivers that emulate a GPU: only as much work as shows that the numbers are right. */
  readonly slow: boolean;
}

const { dims } = minilm.spec;

export function conformance(subject: Subject, reference: () => Promise<Float32Array>): void {
  const { name, runtime, device, agreement, skip, slow } = subject;
  if (skip !== undefined || device === undefined) {
    test.skip(`${name} conforms, but not on this machine: ${skip}`, () => {});
    return;
  }
  const rows = slow ? texts.slice(0, 3) : texts;

  const check = (title: string, body: (t: ExecutionContext, session: Session) => Promise<void>) => {
    test.serial(`${name}: ${title}`, async (t) => {
      t.timeout(120_000);
      await using session = await runtime.open({ model: minilm, device });
      await body(t, session);
    });
  };

  check('vectors agree with the reference, each row as if it were alone, whatever pads it', async (t, session) => {
    t.is(session.runtime, runtime.name);
    t.is(session.dims, dims);
    const together = await session.run(batchOf(rows));
    t.is(together.length, rows.length * dims);
    t.true(leastCosine(together, (await reference()).subarray(0, together.length), dims) >= agreement);
    for (const [index, row] of (slow ? rows.slice(0, 1) : rows).entries()) {
      const alone = await session.run(batchOf([row]));
      t.true(leastCosine(together.subarray(index * dims, (index + 1) * dims), alone, dims) >= 0.99999);
    }
  });

  check('vectors have length 1, down to rows of one token', async (t, session) => {
    const vectors = await session.run(batchOf([[101], [7592]]));
    for (const at of [0, dims]) {
      const norm = Math.hypot(...vectors.subarray(at, at + dims));
      t.true(Math.abs(norm - 1) < 1e-4, `norm ${norm}`);
    }
  });

  check('a batch that contradicts itself is refused and costs the session nothing', async (t, session) => {
    const good = batchOf([[101, 102]]);
    const wrong = [
      { ...good, rows: 2 },
      { ...good, width: 1 },
      { ...good, width: 1.5 },
      { ...good, lengths: Int32Array.of(0) },
      { ...good, lengths: Int32Array.of(3) },
      { ...good, ids: Int32Array.of(101, 30_522) },
      { ...good, ids: Int32Array.of(101, -1) },
    ];
    for (const batch of wrong) await t.throwsAsync(session.run(batch), { code: 'INPUT_INVALID' });
    t.is((await session.run(good)).length, dims);
  });

  if (slow) return;

  check('runs that were asked together are answered in the order asked', async (t, session) => {
    const order: number[] = [];
    const widths = [64, 2, 32, 2];
    await Promise.all(
      widths.map((width, index) => session.run(batchOf([[101, 102]], width)).then(() => order.push(index))),
    );
    t.deepEqual(order, [0, 1, 2, 3]);
  });

  check('disposal lets the running batch finish and refuses those that wait', async (t, session) => {
    const runs = [1, 2, 3, 4].map(() => session.run(batchOf(texts, 64)));
    const [first] = runs;
    const settled = Promise.allSettled(runs);
    await Promise.race([first, new Promise((resolve) => setImmediate(resolve))]);
    await session[Symbol.asyncDispose]();
    const last = (await settled).at(-1);
    t.is(last?.status, 'rejected');
    t.like((last as PromiseRejectedResult).reason, { name: 'CoreError', code: 'DISPOSED' });
    await t.throwsAsync(session.run(batchOf([[101]])), { code: 'DISPOSED' });
    await t.notThrowsAsync(session[Symbol.asyncDispose]());
  });

  test.serial(`${name}: when its thread dies every pending run rejects with THREAD_CRASHED`, async (t) => {
    const { promise, resolve } = Promise.withResolvers<Worker>();
    process.once('worker', resolve);
    await using session = await runtime.open({ model: minilm, device });
    const worker = await promise;
    // Ended before it gets to a run, since ending it within one may abort this process.
    void worker.terminate();
    const runs = [1, 2, 3].map(() => t.throwsAsync(session.run(batchOf(texts)), { code: 'THREAD_CRASHED' }));
    await Promise.all(runs);
    await t.throwsAsync(session.run(batchOf([[101]])), { code: 'THREAD_CRASHED' });
  });
}
