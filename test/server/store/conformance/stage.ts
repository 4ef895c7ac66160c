/** What the parts of the conformance suite share. */
import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import type { Acknowledgement, ChunkStore, Claim, Lease, OutcomesPage } from '../../../../server/store/contract.ts';
import type { CallChunk, CallFailure, CallOutcome, CallStart } from '../../../../shard/call/contract.ts';
import { encodeBlock } from '../../../../shard/wire/block.ts';

export interface Subject {
  readonly name: string;
  /** Why it can't run on this machine. */
  readonly skip?: string | undefined;
  /** A store without calls, and a clock of its own. */
  make(): Promise<Stage>;
  /**
   * How many plays of any order are tried. Default: 40; fewer do for what only hands on to a store that is tried by
   * itself.
   */
  readonly plays?: number;
}

/** Disposed after each test, with all that was opened. */
export interface Stage extends AsyncDisposable {
  /** Opens the store, or opens it once more beside those that have it open. */
  open(): Promise<ChunkStore>;
  /** Sets the clock of the store by so many milliseconds, which may be negative. */
  advance(milliseconds: number): void | Promise<void>;
}

export type Check = (
  title: string,
  body: (t: ExecutionContext, store: ChunkStore, stage: Stage) => Promise<void>,
) => void;

/** Tests of one subject, each with a store of its own. */
export function checks(subject: Subject): Check {
  const { name, skip } = subject;
  return (title, body) => {
    if (skip !== undefined) {
      test.skip(`${name}: ${title} (skipped: ${skip})`, () => {});
      return;
    }
    test.serial(`${name}: ${title}`, async (t) => {
      t.timeout(120_000);
      await using stage = await subject.make();
      await body(t, await stage.open(), stage);
    });
  };
}

export const LEASE_MS = 30_000;
/** Inputs of a chunk, unless something else is said. */
export const COUNT = 4;
export const FUNCTION = 'app/f';

export function start(more: Partial<CallStart> = {}): CallStart {
  return { id: randomUUID(), function: FUNCTION, ...more };
}

/** A block of numbers, by which it is known again. */
export function block(first: number, count: number): Uint8Array<ArrayBuffer> {
  return encodeBlock(Array.from({ length: count }, (_, at) => first + at)).bytes.joined();
}

export function chunk(index: number, count = COUNT): CallChunk {
  return { index, first: index * count, count, block: block(index * count, count) };
}

export function chunks(many: number, count = COUNT): CallChunk[] {
  return Array.from({ length: many }, (_, index) => chunk(index, count));
}

/** A call of so many chunks that is sealed; resolves to its id. */
export async function begin(
  store: ChunkStore,
  many: number,
  { count = COUNT, ...more }: Partial<CallStart> & { readonly count?: number } = {},
): Promise<string> {
  const { id } = await store.create(start(more));
  await store.append(id, chunks(many, count));
  await store.seal(id, { chunks: many, inputs: many * count });
  return id;
}

export function claim(store: ChunkStore, limit: number, more: Partial<Claim> = {}): Promise<Lease[]> {
  return store.claim({ node: 'n', functions: [{ function: FUNCTION }], limit, leaseMs: LEASE_MS, ...more });
}

/** What a node says that has run all that the lease asks for. */
export function finished(lease: Lease): Acknowledgement {
  const { first, count } = lease;
  return { lease, outcomes: [outputs(first, count)], retried: 0, next: 'finish' };
}

export function outputs(first: number, count: number): CallOutcome {
  return { kind: 'outputs', first, count, block: block(1000 + first, count) };
}

export const FAILURE: CallFailure = {
  error: { code: 'FUNCTION_FAILED', message: 'no', details: { stack: 'at f' } },
  attempts: 2,
  losses: 0,
  node: 'n',
  input: '"x"',
};

export function failure(first: number): CallOutcome {
  return { kind: 'failure', first, failure: FAILURE };
}

/** Runs all that can be leased now, and fails at these positions. */
export async function drain(store: ChunkStore, failing: readonly number[] = []): Promise<void> {
  for (;;) {
    const leases = await claim(store, 16);
    if (leases.length === 0) return;
    await store.acknowledge(leases.map((lease) => ({ ...finished(lease), outcomes: outcomesOf(lease, failing) })));
  }
}

function outcomesOf({ first, count, settled }: Lease, failing: readonly number[]): CallOutcome[] {
  const told = new Set<number>();
  for (let at = 0; at < settled.length; at += 2) {
    for (let offset = 0; offset < settled[at + 1]!; offset++) told.add(settled[at]! + offset);
  }
  const left = Array.from({ length: count }, (_, at) => first + at).filter((position) => !told.has(position));
  if (left.length === count && !failing.some((position) => left.includes(position))) return [outputs(first, count)];
  return left.map((position) => (failing.includes(position) ? failure(position) : outputs(position, 1)));
}

/** Positions of outcomes, each as `first+count`, failures with a `!`. */
export function told({ outcomes }: Pick<OutcomesPage, 'outcomes'>): string[] {
  return outcomes.map((outcome) =>
    outcome.kind === 'failure' ? `${outcome.first}!` : `${outcome.first}+${outcome.count}`,
  );
}

export const names = (leases: readonly Lease[]): string[] => leases.map(({ call, index }) => `${call} ${index}`);
