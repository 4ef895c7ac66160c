import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../../sdk/connection.ts';
import type { Fleet } from '../fixtures/fleet.ts';
import type { Member } from '../fixtures/member.ts';
import type { Direction, Fault } from '../proxy/contract.ts';

type Kind = 'kill' | 'end' | 'stop' | 'part' | 'leave' | 'reset' | Fault['kind'];

/** Kinds of trouble, with how often each is chosen. */
const WEIGHTS: Readonly<Record<Kind, number>> = {
  kill: 2,
  end: 1,
  stop: 3,
  part: 2,
  leave: 3,
  reset: 4,
  cut: 6,
  stall: 3,
  delay: 4,
  throttle: 2,
  duplicate: 6,
  garble: 2,
};

/** Brings trouble upon nodes and the ways to them, as the numbers say, and mends what does not mend itself. */
export class Troubles {
  readonly #fleet: Fleet;
  readonly #random: () => number;
  readonly #counts = new Map<Kind, number>();
  /** Members with which something happens now. */
  readonly #busy = new Set<Member>();
  readonly #pending = new Set<Promise<void>>();
  #error: unknown;
  /** Milliseconds that the slowest node took to end when it was asked to. */
  slowestEnd = 0;

  constructor(fleet: Fleet, random: () => number) {
    this.#fleet = fleet;
    this.#random = random;
  }

  /** How often each kind came, those excepted that came to nothing. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** One trouble more, perhaps for the one client alone. */
  commit(warp: Connection): void {
    const member = this.#fleet.members[this.#below(this.#fleet.members.length)]!;
    const kind = this.#kind();
    // Drawn whatever the kind, so that the seed gives the same plan.
    const milliseconds = 20 + this.#below(this.#random() < 0.2 ? 3000 : 400);
    const direction: Direction = this.#random() < 0.5 ? 'request' : 'answer';
    const after = this.#below(this.#random() < 0.5 ? 400 : 8000);
    switch (kind) {
      case 'kill':
      case 'end':
        return this.#process(kind, member, async () => {
          const began = performance.now();
          await member.end(kind === 'kill' ? 'SIGKILL' : 'SIGTERM');
          this.slowestEnd = Math.max(this.slowestEnd, performance.now() - began);
          await sleep(milliseconds);
          await member.restart();
        });
      case 'stop':
        return this.#process(kind, member, async () => {
          member.signal('SIGSTOP');
          await sleep(milliseconds);
          member.signal('SIGCONT');
        });
      case 'part':
        return this.#process(kind, member, async () => {
          member.proxy.open = false;
          member.proxy.reset();
          await sleep(milliseconds);
          member.proxy.open = true;
        });
      case 'leave':
        return this.#process(kind, member, async () => {
          await warp.removeNode(member.proxy.url);
          await sleep(milliseconds);
          await rejoin(warp, member.proxy.url);
        });
      case 'reset':
        // Of single requests, or of all that there are.
        if (this.#random() < 0.5) return this.#way(member, { kind, direction, after });
        member.proxy.reset();
        return this.#count(kind);
      case 'cut':
      case 'stall':
        return this.#way(member, { kind, direction, after });
      case 'delay':
        return this.#way(member, { kind, direction, milliseconds });
      case 'throttle':
        return this.#way(member, { kind, direction, bytesPerSecond: 1000 + after });
      case 'garble':
      case 'duplicate':
        return this.#way(member, { kind });
    }
  }

  /** Resolves when all processes are back and nothing more will happen. Rejects if one could not be started. */
  async calm(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.#error !== undefined) throw this.#error;
    await this.#fleet.mend();
  }

  #process(kind: Kind, member: Member, trouble: () => Promise<void>): void {
    if (this.#busy.has(member)) return;
    this.#count(kind);
    this.#busy.add(member);
    const done = this.#through(trouble, member);
    this.#pending.add(done);
    void done.finally(() => this.#pending.delete(done));
  }

  async #through(trouble: () => Promise<void>, member: Member): Promise<void> {
    try {
      await trouble();
    } catch (error) {
      this.#error = error;
    }
    this.#busy.delete(member);
  }

  #way(member: Member, fault: Fault): void {
    // Never, if no request comes any more.
    void member.proxy.afflict(fault).then(() => this.#count(fault.kind));
  }

  #count(kind: Kind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  #kind(): Kind {
    const all = Object.entries(WEIGHTS) as [Kind, number][];
    let left = this.#random() * all.reduce((sum, [, weight]) => sum + weight, 0);
    return all.find(([, weight]) => (left -= weight) < 0)![0];
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }
}

/** Tries until the node is up, or the client has closed its connection. */
async function rejoin(warp: Connection, url: string): Promise<void> {
  for (;;) {
    try {
      return await warp.addNode(url);
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      if (code === 'DISPOSED') return;
      if (code !== 'NODE_UNREACHABLE') throw error;
      await sleep(50);
    }
  }
}
