import { BatchError } from '../../shard/errors.ts';
import type { Change, FilePage, PieceName, StoredFile, VolumeAt, VolumeInfo } from '../../shard/volume/contract.ts';
import { Chunks } from '../../shard/wire/chunks.ts';
import { NodeError } from '../errors.ts';
import type { NodeVolumes } from '../volume/node-volumes.ts';
import type { CallRequest, NodeClient } from './node-client.ts';

type Query = Readonly<Record<string, string | number>>;

/** Volumes on a node behind HTTP. */
export class HttpVolumes implements NodeVolumes {
  readonly #node: NodeClient;
  readonly #signal: AbortSignal;

  constructor(node: NodeClient, signal: AbortSignal) {
    this.#node = node;
    this.#signal = signal;
  }

  async names(): Promise<readonly string[]> {
    return (await this.#json<{ volumes: string[] }>({ method: 'GET', path: '/v1/volumes' })).volumes;
  }

  open(name: string, { create }: { readonly create: boolean }): Promise<VolumeInfo> {
    return this.#json({ method: create ? 'PUT' : 'GET', path: pathOf(name) });
  }

  async remove(name: string): Promise<void> {
    await this.#ask({ method: 'DELETE', path: pathOf(name) });
  }

  async stat({ name, id, version }: VolumeAt, path: string): Promise<StoredFile | undefined> {
    const asked = pathOf(name, '/file', { id, version, path });
    return (await this.#json<{ file: StoredFile | null }>({ method: 'GET', path: asked })).file ?? undefined;
  }

  async list({ name, id, version }: VolumeAt, page: FilePage): Promise<readonly StoredFile[]> {
    const path = pathOf(name, '/files', { id, version, ...page });
    return (await this.#json<{ files: StoredFile[] }>({ method: 'GET', path })).files;
  }

  async commit({ name, id, version }: VolumeAt, changes: readonly Change[], commit: string): Promise<number> {
    const body = { id, base: version, commit, changes };
    return (await this.#json<{ version: number }>({ method: 'POST', path: pathOf(name, '/commits'), body })).version;
  }

  async readPiece(
    { name, id }: VolumeAt,
    { day, hash }: PieceName,
    range: { readonly start: number; readonly end: number },
  ): Promise<AsyncIterable<Uint8Array<ArrayBuffer>>> {
    const path = pathOf(name, `/pieces/${day}/${hash}`, { id, ...range });
    const bytes = await this.#ask({ method: 'GET', path });
    return (async function* () {
      yield bytes;
    })();
  }

  async writePiece({ name, id }: VolumeAt, { day, hash }: PieceName, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const path = pathOf(name, `/pieces/${day}/${hash}`, { id });
    await this.#ask({ method: 'PUT', path, body: new Chunks([bytes]), type: 'application/octet-stream' });
  }

  async #json<T>(request: Omit<CallRequest, 'signal'>): Promise<T> {
    return JSON.parse(Buffer.from(await this.#ask(request)).toString('utf8')) as T;
  }

  async #ask(request: Omit<CallRequest, 'signal'>): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await this.#node.askCalls({ ...request, signal: this.#signal });
    } catch (error) {
      // That smaller batches might do does not help here.
      throw error instanceof BatchError ? new NodeError({ ...error.remote, node: this.#node.url }) : error;
    }
  }
}

function pathOf(volume: string, what = '', query: Query = {}): string {
  const given = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  const text = given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
  return `/v1/volumes/${encodeURIComponent(volume)}${what}${text}`;
}
