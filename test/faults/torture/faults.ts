import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../fixtures/member.ts';
import type { Direction, Fault } from '../proxy/contract.ts';
import type { Clients } from './clients.ts';
import { type Nodes, workersOf } from './nodes.ts';

type Kind =
  | 'kill node'
  | 'end node'
  | 'stop node'
  | 'part node'
  | 'reset connections'
  | 'kill worker'
  | 'stop worker'
  | 'kill client'
  | 'stop client'
  | 'crash Postgres'
  | 'cut off Postgres'
  | 'fill disk'
  | 'set clock'
  | Fault['kind'];

/** Kinds of fault, with how often each is chosen. */
const WEIGHTS: Readonly<Record<Kind, number>> = {
  'kill node': 3,
  'end node': 2,
  'stop node': 2,
  'part node': 1,
  'reset connections': 2,
  'kill worker': 2,
  'stop worker': 2,
  'kill client': 3,
  'stop client': 3,
  'crash Postgres': 2,
  'cut off Postgres': 3,
  'fill disk': 2,
  'set clock': 3,
  cut: 4,
  reset: 4,
  stall: 1,
  delay: 2,
  throttle: 0,
  duplicate: 4,
  garble: 1,
};

const HOUR = 3_600_000;

/** Brings faults upon all processes that a call needs, as the numbers say, and mends what does not mend itself. */
export class Faults {
  readonly #nodes: Nodes;
  readonly #clients: Clients;
  readonly #random: () => number;
  readonly #counts = new Map<Kind, number>();
  /** What something happens to now. */
  readonly #busy = new Set<unknown>();
  readonly #pending = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #error: unknown;
  /** Kinds that can't be brought about here, and why. */
  readonly skipped: ReadonlyMap<Kind, string>;

  constructor(nodes: Nodes, clients: Clients, random: () => number) {
    this.#nodes = nodes;
    this.#clients = clients;
    this.#random = random;
    const skipped = new Map<Kind, string>();
    if (!nodes.database)
      for (const kind of ['crash Postgres', 'cut off Postgres'] as const) skipped.set(kind, 'the store is SQLite');
    if (nodes.database) skipped.set('fill disk', 'Postgres has the disk of the machine');
    else if (!nodes.disk) skipped.set('fill disk', 'no disk can be mounted by this user');
    this.skipped = skipped;
  }

  /** How often each kind came, those excepted that came to nothing. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** One after the other, so many milliseconds apart on average, until `calm`. Rejects if what was ended could not be started. */
  async run(apart: number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#commit();
      await sleep(2 * apart * this.#random(), undefined, { signal: this.#stop.signal }).catch(() => {});
    }
    await Promise.all(this.#pending);
    for (const { proxy } of this.#nodes.members) proxy.forgive();
    await this.#nodes.setClock(0);
    if (this.#error !== undefined) throw this.#error;
  }

  /** No more are to come. */
  calm(): void {
    this.#stop.abort();
  }

  #commit(): void {
    const { members, database, disk } = this.#nodes;
    const kind = this.#kind();
    // Drawn whatever the kind, so that the seed gives the same plan.
    const member = this.#one(members)!;
    const milliseconds = 20 + this.#below(this.#random() < 0.2 ? 4000 : 600);
    const direction: Direction = this.#random() < 0.5 ? 'request' : 'answer';
    const after = this.#below(this.#random() < 0.5 ? 400 : 60_000);
    const wrong = Math.floor((this.#random() - 0.5) * 48 * HOUR);
    const share = this.#random();
    const of = (pids: readonly number[]): number | undefined => pids[Math.floor(share * pids.length)];
    switch (kind) {
      case 'kill node':
      case 'end node':
        return this.#happen(kind, member, async () => {
          await member.end(kind === 'kill node' ? 'SIGKILL' : 'SIGTERM');
          await sleep(milliseconds);
          await member.restart();
        });
      case 'stop node':
        return this.#happen(kind, member, async () => {
          member.signal('SIGSTOP');
          await sleep(milliseconds);
          member.signal('SIGCONT');
        });
      case 'part node':
        return this.#happen(kind, member, async () => {
          member.proxy.open = false;
          member.proxy.reset();
          await sleep(milliseconds);
          member.proxy.open = true;
        });
      case 'reset connections':
        member.proxy.reset();
        return this.#count(kind);
      case 'kill worker':
        return this.#signal(kind, of(workersOf(member)), 'SIGKILL');
      case 'kill client':
        return this.#signal(kind, of(this.#clients.pids), 'SIGKILL');
      case 'stop worker':
      case 'stop client': {
        const pid = of(kind === 'stop worker' ? workersOf(member) : this.#clients.pids);
        if (pid === undefined) return;
        return this.#happen(kind, pid, async () => {
          signal(pid, 'SIGSTOP');
          await sleep(milliseconds);
          signal(pid, 'SIGCONT');
        });
      }
      case 'crash Postgres':
        return this.#happen(kind, database, async () => {
          await database!.postgres.crash({ start: false });
          await sleep(milliseconds);
          await database!.postgres.start();
        });
      case 'cut off Postgres':
        database!.proxy.reset();
        return this.#count(kind);
      case 'fill disk':
        return this.#happen(kind, disk, async () => {
          disk!.fill();
          await sleep(milliseconds);
          disk!.empty();
        });
      case 'set clock':
        return this.#happen(kind, kind, () => this.#nodes.setClock(wrong));
      case 'cut':
      case 'reset':
      case 'stall':
        return this.#way(member, { kind, direction, after });
      case 'delay':
        return this.#way(member, { kind, direction, milliseconds });
      case 'throttle':
        return this.#way(member, { kind, direction, bytesPerSecond: 100_000 + after });
      case 'garble':
      case 'duplicate':
        return this.#way(member, { kind });
    }
  }

  /** Something that takes a while, and that nothing else happens to meanwhile. */
  #happen(kind: Kind, to: unknown, fault: () => Promise<void>): void {
    if (this.#busy.has(to)) return;
    this.#count(kind);
    this.#busy.add(to);
    const done = fault()
      .catch((error: unknown) => void (this.#error ??= error))
      .finally(() => {
        this.#busy.delete(to);
        this.#pending.delete(done);
      });
    this.#pending.add(done);
  }

  #signal(kind: Kind, pid: number | undefined, name: NodeJS.Signals): void {
    if (pid !== undefined && signal(pid, name)) this.#count(kind);
  }

  #way(member: Member, fault: Fault): void {
    // Never, if no request comes any more.
    void member.proxy.afflict(fault).then(() => this.#count(fault.kind));
  }

  #count(kind: Kind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  #kind(): Kind {
    const all = (Object.entries(WEIGHTS) as [Kind, number][]).filter(([kind]) => !this.skipped.has(kind));
    let left = this.#random() * all.reduce((sum, [, weight]) => sum + weight, 0);
    return all.find(([, weight]) => (left -= weight) < 0)![0];
  }

  #one<T>(items: readonly T[]): T | undefined {
    return items[this.#below(items.length)];
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }
}

/** Whether there was such a process. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
