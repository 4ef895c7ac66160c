import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'ava';
import { request } from 'undici';
import { encodeHead, encodeInputs } from '../../shard/wire/encode.ts';
import { ask, FORMS } from './fixtures/client.ts';

/** Milliseconds. Generous: the promise is 20 on a machine of one's own. */
const BOUND = 100;

interface BusyNode {
  readonly url: string;
  /** Milliseconds that the event loop was busy without a break, at most, since it was last asked. */
  readonly worst: () => Promise<number>;
}

async function withBusyNode(use: (node: BusyNode) => Promise<void>): Promise<void> {
  const path = new URL('./fixtures/busyNode.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [...process.execArgv, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
    const worst = async (): Promise<number> => {
      const { outputs } = await ask({ url, form: 'frames', function: 'worst', inputs: [0] });
      return outputs[0] as number;
    };
    // What the start of the process took does not count.
    await worst();
    await use({ url, worst });
  } finally {
    child.stdin.end();
    await exited;
  }
}

test.serial('the event loop of a node stays responsive while heavy answers stream', async (t) => {
  t.timeout(60_000);
  await withBusyNode(async ({ url, worst }) => {
    const inputs = Array.from({ length: 4000 }, (_, index) => `text ${index}`);
    const loads = FORMS.flatMap((form) => [
      ask({ url, form, function: 'rows', inputs }),
      ask({ url, form, function: 'values', inputs: inputs.slice(0, 400) }),
    ]);
    for (const { code, end } of await Promise.all(loads)) {
      t.is(code, undefined);
      t.is(end?.failed, 0);
    }
    const kept = await worst();
    const { body } = await request(`${url}/metrics`);
    const lag = Number(/^nodejs_eventloop_lag_max_seconds ([\d.e-]+)$/m.exec(await body.text())?.[1]);
    t.log(
      `kept busy for ${kept.toFixed(1)} ms at most; seen by the clock, others' work included: ${(lag * 1000).toFixed(1)} ms`,
    );
    t.true(kept > 0 && kept < BOUND, `${kept} ms`);
    t.true(lag > 0);
  });
});

test.serial('inputs and outputs of 64 MiB pass through a node that stays responsive', async (t) => {
  t.timeout(120_000);
  await withBusyNode(async ({ url, worst }) => {
    const size = 64 * 2 ** 20;
    const one = async (name: string, input: unknown): Promise<unknown> => {
      const { outputs, failures, code } = await ask({
        url,
        form: 'frames',
        function: `large/${name}`,
        inputs: [input],
      });
      t.is(code, undefined);
      t.deepEqual(failures, []);
      return outputs[0];
    };
    t.is(await one('size', new Uint8Array(size)), size);
    t.is(await one('size', 'x'.repeat(size)), size);
    const bytes = (await one('bytes', size)) as Uint8Array;
    t.deepEqual([bytes.length, bytes[0], bytes[size - 1]], [size, 7, 7]);
    const text = (await one('text', size / 2)) as string;
    t.deepEqual([text.length, text.at(-1)], [size / 2, 'é']);
    const kept = await worst();
    t.log(`kept busy for ${kept.toFixed(1)} ms at most`);
    t.true(kept < BOUND, `${kept} ms`);
  });
});

test.serial('a frame of hundreds of thousands of objects is read in pieces', async (t) => {
  t.timeout(60_000);
  await withBusyNode(async ({ url, worst }) => {
    const input = Array.from({ length: 16 }, (_, id) => ({ id, text: 'some text to make up bytes' }));
    const inputs = Array.from({ length: 20_000 }, () => input);
    const head = { function: 'count', call: 'c', batch: 0, attempt: 0, count: inputs.length };
    const body = Buffer.concat([encodeHead(head), encodeInputs(inputs)]);
    const { outputs } = await ask({ url, form: 'frames', body });
    t.deepEqual([outputs.length, outputs.at(-1)], [20_000, 16]);
    const kept = await worst();
    t.log(`${(body.length / 2 ** 20).toFixed(0)} MiB: kept busy for ${kept.toFixed(1)} ms at most`);
    t.true(kept < BOUND, `${kept} ms`);
  });
});

test.serial('what is larger than may pass is refused by name, and fails alone', async (t) => {
  t.timeout(120_000);
  await withBusyNode(async ({ url }) => {
    const input = await ask({ url, form: 'frames', function: 'large/size', inputs: [new Uint8Array(2 ** 27)] });
    t.deepEqual([input.status, input.code], [413, 'BODY_TOO_LARGE']);
    const inputs = [1, 2 ** 28];
    const output = await ask({ url, form: 'frames', function: 'large/bytes', inputs });
    t.deepEqual(output.outputs[0], Uint8Array.of(7));
    t.deepEqual(output.failures, [{ index: 1, code: 'FUNCTION_FAILED' }]);
  });
});
