import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../../../bench/harness/random.ts';
import { connect } from '../../../sdk/connect.ts';
import type { FunctionCall } from '../../../sdk/call/function-call.ts';
import { audit } from './audit.ts';
import { Clients } from './clients.ts';
import type { Output } from './decide.ts';
import { Faults } from './faults.ts';
import { backlogs, remains } from './leftovers.ts';
import { type Nodes, startNodes, type StoreKind } from './nodes.ts';
import { appPath, plan, type PlannedCall } from './plan.ts';

const LANES = 3;
/** Of one client. */
const CALLS = 4;
/** Milliseconds in peace within which a call must end. */
const STUCK = 40_000;
/** Characters of the log of a node that are shown where one does not. */
const LOGGED = 4000;

export interface TortureOptions {
  readonly seed: number;
  readonly store: StoreKind;
  /** For which calls are begun and faults come. */
  readonly seconds: number;
  /** Of a call, about. */
  readonly inputs: number;
  /** Milliseconds between two faults, on average. */
  readonly apart: number;
}

export interface TortureReport {
  readonly seed: number;
  readonly store: StoreKind;
  readonly calls: number;
  readonly inputs: number;
  /** Runs of the functions, those that were in vain included. */
  readonly runs: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Failures because too many processes died under an input; each was retried, and came right. */
  readonly convicted: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Kinds of fault that could not be brought about, with why. */
  readonly skipped: Readonly<Record<string, string>>;
  /** Seconds until the last call had ended after the last fault. */
  readonly afterwards: number;
  /** Inputs that are lost, or whose result is not what the model says, and whatever else is wrong: none. */
  readonly wrong: readonly string[];
}

interface Begun {
  readonly planned: PlannedCall;
  readonly call: FunctionCall<Output, unknown>;
}

/**
 * Three nodes and three clients at a time, which begin calls and leave, and all the while faults by the seed. Then, in
 * peace, all that was begun must end, and store and model must agree; what is forgotten must leave nothing behind.
 */
export async function torture({ seed, store, seconds, inputs, apart }: TortureOptions): Promise<TortureReport> {
  await using nodes = await startNodes({ store, app: appPath, seed });
  const urls = nodes.members.map(({ proxy }) => proxy.url);
  await using clients = new Clients(seed, urls);
  const random = seeded(seed);
  const faults = new Faults(nodes, clients, random);
  await using warp = await connect({ nodes: urls, silence: 1500 });
  const begun: Begun[] = [];
  const calls = plan(seed, inputs, seeded(seed + 1));
  const end = performance.now() + seconds * 1000;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      const planned = Array.from({ length: CALLS }, () => calls.next().value as PlannedCall);
      const meetings: Promise<void>[] = [];
      await clients.begin(planned, (each, id) => {
        const call = warp.call<Output>(id);
        begun.push({ planned: each, call });
        const met = meet(each, call);
        // It is met in its turn.
        met.catch(() => {});
        meetings.push(met);
      });
      await Promise.all(meetings);
    }
  };
  const peace = setTimeout(() => faults.calm(), seconds * 1000);
  try {
    await Promise.all([faults.run(apart), ...Array.from({ length: LANES }, lane)]);
  } finally {
    clearTimeout(peace);
    faults.calm();
  }

  const calm = performance.now();
  const wrong: string[] = [];
  let failed = 0;
  let cancelled = 0;
  let convicted = 0;
  for (const { planned, call } of begun) {
    await ended({ planned, call }, nodes);
    let found = await audit(seed, planned, call);
    for (let again = 0; found.convicted > 0 && again < 3; again++) {
      convicted += found.convicted;
      await call.retryFailed();
      await ended({ planned, call }, nodes);
      found = await audit(seed, planned, call);
    }
    if (found.convicted > 0) wrong.push(`${planned.key}: ${found.convicted} inputs still fail, though no process dies`);
    wrong.push(...found.wrong);
    failed += found.failed;
    cancelled += found.cancelled;
  }
  const afterwards = (performance.now() - calm) / 1000;
  wrong.push(...(await backlogs(nodes)));
  for (const { call } of begun) await call.forget();
  wrong.push(...(await remains(nodes)));
  return {
    seed,
    store,
    calls: begun.length,
    inputs: begun.reduce((sum, { planned }) => sum + planned.count, 0),
    runs: await nodes.runs(),
    failed,
    cancelled,
    convicted,
    faults: faults.counts,
    skipped: Object.fromEntries(faults.skipped),
    afterwards,
    wrong,
  };
}

/** What its client has in mind for a call. */
async function meet({ fate }: PlannedCall, call: FunctionCall<Output, unknown>): Promise<void> {
  if (fate === 'cancel' || fate === 'cancel, then retry') await stubbornly(() => call.cancel());
  if (fate === 'cancel, then retry') await stubbornly(() => call.retryFailed());
  if (fate === 'retry what failed') {
    await stubbornly(() => call.wait());
    await stubbornly(() => call.retryFailed());
  }
}

/** Asks again as long as no node can answer, as a person would. */
async function stubbornly<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      if (code !== 'LANES_EXHAUSTED' && code !== 'STORE_UNAVAILABLE') throw error;
      await sleep(100);
    }
  }
}

async function ended({ planned: { key }, call }: Begun, { members }: Nodes): Promise<void> {
  const signal = AbortSignal.timeout(STUCK);
  try {
    await call.wait({ signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    const status = JSON.stringify(await call.status());
    const logs = members.map(({ log, url }) => `${url}: ${log.slice(-LOGGED)}`);
    throw new Error(`${key} did not end: ${status}\n${logs.join('\n')}`, { cause: error });
  }
}
