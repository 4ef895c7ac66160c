import type { CallChunk, CallLogLine, CallOutcome, CallStart } from '../../shard/call/contract.ts';
import { indicesOf } from '../../shard/wire/spans.ts';
import { ServerError, type ServerErrorCode } from '../errors.ts';
import type { Objects } from '../objects/contract.ts';
import { Bodies, bodyGone } from './bodies.ts';
import { readReference } from './body-reference.ts';
import type {
  Acknowledgement,
  Backlog,
  CallFilter,
  ChunkStore,
  Claim,
  Created,
  Lease,
  LeaseFate,
  LeaseName,
  LogPage,
  OutcomePage,
  OutcomesPage,
  StoredStatus,
} from './contract.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of the blocks of one page, above which it is made shorter. */
const PAGE_BYTES = 16 * 1024 * 1024;

/** Bytes of the blocks of one claim, above which the rest of it is given back. */
const CLAIM_BYTES = 128 * 1024 * 1024;

/** After these nothing was stored. */
const REFUSALS: ReadonlySet<string> = new Set<ServerErrorCode>([
  'CALL_UNKNOWN',
  'CALL_SEALED',
  'CALL_INCOMPLETE',
  'OPTION_INVALID',
]);

export interface LargeBodiesOptions {
  readonly store: ChunkStore;
  readonly objects: Objects;
  /** Bytes above which a block is an object. Default: 1 MiB. */
  readonly rowBytes?: number;
}

/**
 * A store whose blocks above 1 MiB are objects. They are written before the database refers to them, and removed after it
 * has forgotten them; what a crash leaves between goes with the call, or with the next purge.
 */
export class LargeBodiesStore implements ChunkStore {
  readonly id: string;
  readonly #store: ChunkStore;
  readonly #bodies: Bodies;

  /** Closes the store when it is closed, but not the objects. */
  constructor({ store, objects, rowBytes }: LargeBodiesOptions) {
    this.id = store.id;
    this.#store = store;
    this.#bodies = new Bodies({ objects, store: store.id, rowBytes });
  }

  create(call: CallStart): Promise<Created> {
    return this.#store.create(call);
  }

  async append(call: string, chunks: readonly CallChunk[]): Promise<void> {
    const blocks = await this.#put(chunks.map(({ block }) => [call, block]));
    await this.#dropIfRefused(blocks, () =>
      this.#store.append(
        call,
        chunks.map((chunk, at) => ({ ...chunk, block: blocks[at]! })),
      ),
    );
  }

  seal(call: string, whole: { readonly chunks: number; readonly inputs: number }): Promise<void> {
    return this.#store.seal(call, whole);
  }

  async claim(want: Claim): Promise<Lease[]> {
    const leases = await this.#store.claim(want);
    const within = leasesWithin(leases);
    if (within < leases.length) await this.#release(leases.slice(within), 0);
    const whole = await Promise.all(leases.slice(0, within).map((lease) => this.#fill(lease)));
    return whole.filter((lease) => lease !== undefined);
  }

  renew(leases: readonly LeaseName[], leaseMs: number): Promise<LeaseFate[]> {
    return this.#store.renew(leases, leaseMs);
  }

  async acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<boolean[]> {
    const all = acknowledgements.flatMap(({ lease, outcomes }) =>
      outcomes.flatMap((each): [string, Bytes][] => (each.kind === 'outputs' ? [[lease.call, each.block]] : [])),
    );
    const blocks = await this.#put(all);
    let at = 0;
    const kept = acknowledgements.map((each) => ({
      ...each,
      outcomes: each.outcomes.map((outcome) =>
        outcome.kind === 'outputs' ? { ...outcome, block: blocks[at++]! } : outcome,
      ),
    }));
    const taken = await this.#dropIfRefused(blocks, () => this.#store.acknowledge(kept));
    await this.#bodies.drop(kept.flatMap(({ outcomes }, which) => (taken[which] ? [] : blocksOf(outcomes))));
    return taken;
  }

  status(call: string): Promise<StoredStatus> {
    return this.#store.status(call);
  }

  list(filter: CallFilter): Promise<StoredStatus[]> {
    return this.#store.list(filter);
  }

  async outcomes(call: string, page: OutcomePage): Promise<OutcomesPage> {
    const found = await this.#store.outcomes(call, page);
    const limit = inputsWithin(found.outcomes);
    // Of which only the store knows where the next begins.
    const told = limit === undefined ? found : await this.#store.outcomes(call, { ...page, limit });
    return { ...told, outcomes: await Promise.all(told.outcomes.map((outcome) => this.#read(outcome))) };
  }

  cancel(call: string): Promise<void> {
    return this.#store.cancel(call);
  }

  retry(call: string): Promise<number> {
    return this.#store.retry(call);
  }

  async remove(call: string): Promise<void> {
    await this.#store.remove(call);
    await this.#bodies.remove(call, () => this.#exists(call));
  }

  async purge(retentionMs: number): Promise<number> {
    const removed = await this.#store.purge(retentionMs);
    for (const call of await this.#bodies.calls()) {
      if (!(await this.#exists(call))) await this.#bodies.remove(call, () => this.#exists(call));
    }
    return removed;
  }

  log(call: string, lines: readonly CallLogLine[]): Promise<void> {
    return this.#store.log(call, lines);
  }

  logs(call: string, page: { readonly after?: number; readonly limit: number }): Promise<LogPage> {
    return this.#store.logs(call, page);
  }

  backlog(): Promise<Backlog[]> {
    return this.#store.backlog();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }

  #put(blocks: readonly (readonly [call: string, block: Bytes])[]): Promise<Bytes[]> {
    return Promise.all(blocks.map(([call, block]) => this.#bodies.put(call, block)));
  }

  async #dropIfRefused<Result>(blocks: readonly Bytes[], ask: () => Promise<Result>): Promise<Result> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ServerError && REFUSALS.has(error.code)) await this.#bodies.drop(blocks);
      throw error;
    }
  }

  /** The lease with its inputs. Where those are gone for good they have failed, and undefined is resolved to. */
  async #fill(lease: Lease): Promise<Lease | undefined> {
    try {
      const block = await this.#bodies.get(lease.block);
      if (block) return { ...lease, block };
    } catch {
      // Another time the objects may be reached.
      await this.#release([lease], RELEASE_MS);
      return undefined;
    }
    await this.#tell([{ lease, outcomes: failuresOf(lease), retried: 0, next: 'finish' }]);
    return undefined;
  }

  #release(leases: readonly Lease[], afterMs: number): Promise<void> {
    return this.#tell(leases.map((lease) => ({ lease, outcomes: [], retried: 0, next: { release: { afterMs } } })));
  }

  /** Should it fail, these leases run out; the others of their claim must not for that. */
  async #tell(acknowledgements: readonly Acknowledgement[]): Promise<void> {
    await this.#store.acknowledge(acknowledgements).catch(() => {});
  }

  async #read(outcome: CallOutcome): Promise<CallOutcome> {
    if (outcome.kind === 'failure') return outcome;
    const block = await this.#bodies.get(outcome.block);
    if (!block) throw bodyGone(outcome.block);
    return { ...outcome, block };
  }

  async #exists(call: string): Promise<boolean> {
    try {
      await this.#store.status(call);
      return true;
    } catch (error) {
      if (error instanceof ServerError && error.code === 'CALL_UNKNOWN') return false;
      throw error;
    }
  }
}

/** Milliseconds until a chunk is leased again whose inputs could not be read. */
const RELEASE_MS = 5_000;

/** How many leases are kept: one at least. */
function leasesWithin(leases: readonly Lease[]): number {
  let bytes = 0;
  const over = leases.findIndex(({ block }) => (bytes += readReference(block)?.bytes ?? block.length) > CLAIM_BYTES);
  return over === -1 ? leases.length : Math.max(1, over);
}

function blocksOf(outcomes: readonly CallOutcome[]): Bytes[] {
  return outcomes.flatMap((outcome) => (outcome.kind === 'outputs' ? [outcome.block] : []));
}

/** How many inputs a page may have, if it has too many bytes as it is. */
function inputsWithin(outcomes: readonly CallOutcome[]): number | undefined {
  let bytes = 0;
  let inputs = 0;
  for (const outcome of outcomes) {
    if (outcome.kind === 'outputs') bytes += readReference(outcome.block)?.bytes ?? outcome.block.length;
    if (bytes > PAGE_BYTES && inputs > 0) return inputs;
    inputs += outcome.kind === 'outputs' ? outcome.count : 1;
  }
  return undefined;
}

function failuresOf(lease: Lease): CallOutcome[] {
  const settled = new Set(indicesOf(lease.settled));
  const positions = Array.from({ length: lease.count }, (_, at) => lease.first + at);
  const { code, message } = bodyGone(lease.block);
  const failure = { error: { code, message }, attempts: 0, losses: lease.losses, node: 'the store', input: '' };
  return positions.filter((position) => !settled.has(position)).map((first) => ({ kind: 'failure', first, failure }));
}
