import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions } from '../../../server/server.ts';
import { startNode, type TestNode } from '../fixtures/node.ts';

export interface KeepingNode extends TestNode {
  readonly data: string;
}

/** A node that keeps calls in a directory, of its own unless another's is given. */
export async function keepingNode(options: Partial<ServerOptions> = {}): Promise<KeepingNode> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'warpmap-calls-')));
  const node = await startNode({ ...options, data });
  return {
    ...node,
    data,
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]();
      if (options.data === undefined) await rm(data, { recursive: true });
    },
  };
}
