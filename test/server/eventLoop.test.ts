import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'ava';
import { request } from 'undici';
import { ask, FORMS } from './fixtures/client.ts';

/** Milliseconds. Generous: the promise is 20 on a machine of one's own. */
const BOUND = 100;

test('the event loop of a node stays responsive while heavy answers stream', async (t) => {
  const child = spawn(
    process.execPath,
    [...process.execArgv, new URL('./fixtures/busyNode.ts', import.meta.url).pathname],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  try {
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
    const worst = async (): Promise<number> => {
      const { outputs } = await ask({ url, form: 'frames', function: 'worst', inputs: [0] });
      return outputs[0] as number;
    };
    // What the start of the process took does not count.
    await worst();
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
  } finally {
    child.stdin.end();
    await exited;
  }
});
