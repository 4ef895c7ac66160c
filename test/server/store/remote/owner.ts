import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { tokenGate } from '../../../../server/access/gate.ts';
import { onlyToken } from '../../../../server/access/tokens.ts';
import { createApp } from '../../../../server/app.ts';
import { systemClock } from '../../../../server/clock.ts';
import { settleLimits } from '../../../../server/limits.ts';
import type { Node } from '../../../../server/node.ts';
import type { ChunkStore } from '../../../../server/store/contract.ts';

export interface Owner extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** A token that allows to read calls, and no more. */
  readonly reader: string;
}

const TOKEN = 'token-of-the-tests-of-stores';
const READER = 'token-of-a-reader-of-calls';

/** The routes of a node that owns a store, which stays the caller's, and nothing else of a node. */
export async function startOwner(store: ChunkStore, port = 0): Promise<Owner> {
  const node = {
    storage: { open: async () => ({ kind: 'sqlite', store }) },
    limits: settleLimits({}),
    clock: systemClock,
    metrics: { request() {} },
    log: pino({ level: 'silent' }),
  };
  const app = createApp(
    node as unknown as Node,
    tokenGate([onlyToken(TOKEN), { name: 'reader', scopes: ['read'], token: READER }]),
  );
  await app.listen({ host: '127.0.0.1', port });
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    token: TOKEN,
    reader: READER,
    async [Symbol.asyncDispose]() {
      await app.close();
    },
  };
}
