import type { CollectionInfo, Explanation, SearchSize } from '../../shard/app/collection.ts';
import type { Scaling } from '../../shard/app/scaling.ts';
import type { FunctionStats } from '../../shard/app/stats.ts';
import type { Lane } from '../../shard/contract.ts';
import type { NodeInfo } from '../contract.ts';
import { NodeError, SdkError } from '../errors.ts';
import type { Call, Node, StreamPart, StreamStart, Taken } from '../node.ts';
import type { NodeCalls } from '../call/node-calls.ts';
import type { NodeVolumes } from '../volume/node-volumes.ts';
import { HttpCalls } from './http-calls.ts';
import { HttpVolumes } from './http-volumes.ts';
import { NodeLane } from './lane.ts';
import { streamFrom } from './stream.ts';
import { NodeClient, type NodeClientOptions } from './node-client.ts';

/** A node behind HTTP. */
export class HttpNode implements Node {
  readonly calls: NodeCalls;
  readonly #client: NodeClient;

  constructor(url: string, options: NodeClientOptions) {
    this.#client = new NodeClient(url, options);
    this.calls = new HttpCalls(this.#client);
  }

  get url(): string {
    return this.#client.url;
  }

  volumes(signal: AbortSignal): NodeVolumes {
    return new HttpVolumes(this.#client, signal);
  }

  lane<I, O>(call: Call): Lane<I, O> {
    return new NodeLane<I, O>(this.#client, call);
  }

  stream(start: StreamStart, signal: AbortSignal): AsyncIterable<StreamPart> {
    return streamFrom(this.#client, start, signal);
  }

  taken({ call, batch, count }: Taken): Promise<void> {
    return this.#client.put(`/v1/stream/${encodeURIComponent(call)}/${batch}/taken/${count}`);
  }

  async info(): Promise<NodeInfo> {
    const answer = (await this.#client.get('/v1/node')) as Partial<NodeInfo> | null;
    // Another server than ours may answer at the address, with whatever it likes.
    if (typeof answer?.model?.name === 'string' && typeof answer.model.dims === 'number') return answer as NodeInfo;
    throw new SdkError('NODE_UNREACHABLE', 'what answers is not a shard server');
  }

  async functionStats(name: string): Promise<FunctionStats> {
    const { stats } = (await this.#client.get(`/v1/functions/${encodeURIComponent(name)}`)) as {
      stats?: FunctionStats;
    };
    if (stats) return stats;
    throw new NodeError({ node: this.url, code: 'OPTION_INVALID', message: `${name} is built in and has no workers` });
  }

  async scaleFunction(name: string, changes: Partial<Scaling>): Promise<void> {
    await this.#client.patch(`/v1/functions/${encodeURIComponent(name)}/autoscaler`, changes);
  }

  async collections(): Promise<readonly CollectionInfo[]> {
    return ((await this.#client.get('/v1/collections')) as { collections: CollectionInfo[] }).collections;
  }

  async explain(collection: string, { queries, k }: Required<SearchSize>): Promise<Explanation> {
    return (await this.#client.get(`${pathOf(collection)}/explain?queries=${queries}&k=${k}`)) as Explanation;
  }

  async collectionSize(name: string): Promise<number> {
    try {
      return ((await this.#client.get(pathOf(name))) as { size: number }).size;
    } catch (error) {
      if (error instanceof NodeError && error.code === 'COLLECTION_NOT_FOUND') return 0;
      throw error;
    }
  }

  retire(): Promise<void> {
    return this.#client.retire();
  }

  dropCollection(name: string): Promise<void> {
    return this.#client.delete(pathOf(name));
  }

  async journaled(key: string, signal: AbortSignal): Promise<readonly number[]> {
    return ((await this.#client.get(journalPath(key), signal)) as { ranges: number[] }).ranges;
  }

  forget(key: string): Promise<void> {
    return this.#client.delete(journalPath(key));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }
}

function pathOf(collection: string): string {
  return `/v1/collections/${encodeURIComponent(collection)}`;
}

function journalPath(key: string): string {
  return `/v1/journals/${encodeURIComponent(key)}`;
}
