import test from 'ava';
import { runProbe } from '../../../core/device/probe/probe.ts';

const script = (name: string): URL => new URL(`./fixtures/${name}.probe.ts`, import.meta.url);

test('a driver that crashes its process leaves this one alive and is told by its signal', async (t) => {
  const report = await runProbe(script('crash'), null, { timeoutMs: 20_000 });
  t.like(report, {
    ok: false,
    reason: 'the driver crashed (SIGSEGV)',
    stderr: 'the driver is about to fall over\n',
  });
});

test('a driver that hangs is ended after its time', async (t) => {
  t.like(await runProbe(script('hang'), null, { timeoutMs: 300 }), {
    ok: false,
    reason: 'the driver did not answer within 0.3 s',
  });
});

test('an answer stands although the driver crashes afterwards, and noise around it is passed over', async (t) => {
  t.like(await runProbe(script('lateCrash'), null, { timeoutMs: 20_000 }), {
    ok: true,
    value: { answer: 42 },
  });
});

test('an abort rejects with its reason', async (t) => {
  const abort = new AbortController();
  const report = runProbe(script('hang'), null, { timeoutMs: 20_000, signal: abort.signal });
  abort.abort(new Error('enough'));
  await t.throwsAsync(report, { message: 'enough' });
});
