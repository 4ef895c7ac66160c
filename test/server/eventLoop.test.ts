import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'ava';
import { request } from 'undici';
import { ask, FORMS } from './fixtures/client.ts';

/** Generous: the promise is 20 ms on a machine of one's own, and tests share theirs with other processes. */
const BOUND_SECONDS = 0.5;

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
    const scrape = async (): Promise<string> => (await request(`${url}/metrics`)).body.text();
    // A scrape starts the measurement anew, without the start of the process.
    await scrape();
    const inputs = Array.from({ length: 4000 }, (_, index) => `text ${index}`);
    const loads = FORMS.flatMap((form) => [
      ask({ url, form, function: 'rows', inputs }),
      ask({ url, form, function: 'values', inputs: inputs.slice(0, 400) }),
    ]);
    for (const { code, end } of await Promise.all(loads)) {
      t.is(code, undefined);
      t.is(end?.failed, 0);
    }
    const worst = Number(/^nodejs_eventloop_lag_max_seconds ([\d.e-]+)$/m.exec(await scrape())?.[1]);
    t.log(`worst event loop delay ${(worst * 1000).toFixed(1)} ms`);
    t.true(worst > 0 && worst < BOUND_SECONDS, `${worst} s`);
  } finally {
    child.stdin.end();
    await exited;
  }
});
