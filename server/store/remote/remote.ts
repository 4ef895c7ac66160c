import { randomUUID } from 'node:crypto';
import type { CallChunk, CallLogLine, CallStart } from '../../../shard/call/contract.ts';
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
} from '../contract.ts';
import { plain, receiveLines, receivePage, sendAcknowledgement, sendLines, type SentPage } from './form.ts';
import { OwnerClient, type OwnerOptions } from './owner.ts';

/** The store of another node, through its `/v1/store`. Throws what that throws, and `STORE_UNAVAILABLE` where the node does not answer. */
export class RemoteStore implements ChunkStore {
  readonly id: string;
  readonly #owner: OwnerClient;

  private constructor(id: string, owner: OwnerClient) {
    this.id = id;
    this.#owner = owner;
  }

  static async open(options: OwnerOptions): Promise<RemoteStore> {
    const owner = new OwnerClient(options);
    try {
      return new RemoteStore(await owner.find(), owner);
    } catch (error) {
      await owner[Symbol.asyncDispose]();
      throw error;
    }
  }

  create(call: CallStart): Promise<Created> {
    return this.#owner.ask('create', [call]);
  }

  async append(call: string, chunks: readonly CallChunk[]): Promise<void> {
    await this.#owner.ask('append', [call, chunks]);
  }

  async seal(call: string, whole: { readonly chunks: number; readonly inputs: number }): Promise<void> {
    await this.#owner.ask('seal', [call, whole]);
  }

  async claim({ node, functions, limit, leaseMs }: Claim): Promise<Lease[]> {
    const want = { node, functions: functions.map(plainRunnable), limit, leaseMs };
    const leases = await this.#owner.ask<Lease[]>('claim', [want, randomUUID()]);
    return leases.map((lease) => ({ ...lease, block: plain(lease.block) }));
  }

  async renew(leases: readonly LeaseName[], leaseMs: number): Promise<LeaseFate[]> {
    if (leases.length === 0) return [];
    return await this.#owner.ask('renew', [leases.map(({ call, index, fence }) => ({ call, index, fence })), leaseMs]);
  }

  async acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<boolean[]> {
    if (acknowledgements.length === 0) return [];
    return await this.#owner.ask('acknowledge', [acknowledgements.map(sendAcknowledgement)]);
  }

  status(call: string): Promise<StoredStatus> {
    return this.#owner.ask('status', [call]);
  }

  list(filter: CallFilter): Promise<StoredStatus[]> {
    return this.#owner.ask('list', [filter]);
  }

  async outcomes(call: string, page: OutcomePage): Promise<OutcomesPage> {
    return receivePage(await this.#owner.ask<SentPage>('outcomes', [call, page]));
  }

  async cancel(call: string): Promise<void> {
    await this.#owner.ask('cancel', [call]);
  }

  retry(call: string): Promise<number> {
    return this.#owner.ask('retry', [call]);
  }

  async remove(call: string): Promise<void> {
    await this.#owner.ask('remove', [call]);
  }

  purge(retentionMs: number): Promise<number> {
    return this.#owner.ask('purge', [retentionMs]);
  }

  async log(call: string, lines: readonly CallLogLine[]): Promise<void> {
    await this.#owner.ask('log', [call, sendLines(lines)]);
  }

  async logs(call: string, page: { readonly after?: number; readonly limit: number }): Promise<LogPage> {
    const { lines, next } = await this.#owner.ask<{ lines: Uint8Array<ArrayBuffer>[]; next: number }>('logs', [
      call,
      page,
    ]);
    return { lines: receiveLines(lines), next };
  }

  backlog(): Promise<Backlog[]> {
    return this.#owner.ask('backlog', []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owner[Symbol.asyncDispose]();
  }
}

function plainRunnable({ function: name, version }: Claim['functions'][number]): Claim['functions'][number] {
  return { function: name, ...(version !== undefined && { version }) };
}
