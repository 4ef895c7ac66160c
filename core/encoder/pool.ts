import { CoreError } from '../errors.ts';
import type { Runtime, Session, SessionOptions, TokenBatch } from '../runtime/contract.ts';

/** Sessions on a CPU. Each holds the weights once more, so there are no more than gain. */
const CPU_SESSIONS = 2;

/**
 * Opens a model on a device. On a CPU of several cores this makes two sessions that share the cores out: whole batches
 * side by side wait for each other less than the threads of one batch do. docs/benchmarks.md has what it gains.
 */
export async function openSessions(runtime: Pick<Runtime, 'open'>, options: SessionOptions): Promise<Session> {
  const { device, threads = 1 } = options;
  if (device.kind !== 'cpu' || threads < 2) return runtime.open(options);
  const share = (index: number): number => Math.floor((threads + index) / CPU_SESSIONS);
  const first = await runtime.open({ ...options, threads: share(CPU_SESSIONS - 1) });
  return new SessionPool(first, () => runtime.open({ ...options, threads: share(0) }));
}

/** Two sessions of one model as one. The second opens when a batch first finds the first one busy. */
export class SessionPool implements Session {
  readonly runtime: Session['runtime'];
  readonly device: Session['device'];
  readonly dims: number;
  readonly #openSecond: () => Promise<Session>;
  readonly #members: Member[];
  #second: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #disposed: Promise<void> | undefined;

  /** Takes ownership of the first session. */
  constructor(first: Session, openSecond: () => Promise<Session>) {
    this.runtime = first.runtime;
    this.device = first.device;
    this.dims = first.dims;
    this.#members = [{ session: first, waiting: 0 }];
    this.#openSecond = openSecond;
  }

  async run(batch: TokenBatch): Promise<Float32Array<ArrayBuffer>> {
    if (this.#disposed !== undefined)
      throw new CoreError('DISPOSED', 'the sessions were used after they were disposed');
    const member = this.#members.reduce((least, each) => (each.waiting < least.waiting ? each : least));
    if (member.waiting > 0) this.#grow();
    member.waiting++;
    const before = this.#last;
    const running = member.session.run(batch).finally(() => member.waiting--);
    // Answers keep the order in which they were asked, whichever session is faster.
    const settled = Promise.allSettled([before, running]).then(() => {});
    this.#last = settled;
    await settled;
    return running;
  }

  #grow(): void {
    this.#second ??= this.#openSecond().then(
      (session) => void this.#members.push({ session, waiting: 0 }),
      // Such as for lack of memory: the first goes on alone.
      () => {},
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    await this.#second;
    await Promise.all(this.#members.map(({ session }) => session[Symbol.asyncDispose]()));
  }
}

interface Member {
  readonly session: Session;
  /** Batches that were given to it and are not answered. */
  waiting: number;
}
