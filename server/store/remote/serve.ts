import { ServerError } from '../../errors.ts';
import type { CallChunk } from '../../../shard/call/contract.ts';
import type { ChunkStore, Claim } from '../contract.ts';
import type { Claims } from './claims.ts';
import {
  receiveAcknowledgement,
  receiveLines,
  type SentAcknowledgement,
  sendLines,
  sendPage,
  plain,
  type Verb,
} from './form.ts';

type Arguments<Name extends Verb> = Parameters<ChunkStore[Name]>;

/** Does what another node asks of a store: a verb, and its arguments as `RemoteStore` sends them. */
export async function serveVerb(store: ChunkStore, claims: Claims, verb: Verb, given: unknown): Promise<unknown> {
  if (!Array.isArray(given)) {
    throw new ServerError('REQUEST_INVALID', `Expected the arguments of ${verb} to be an array`);
  }
  switch (verb) {
    case 'create':
      return await store.create(...(given as Arguments<'create'>));
    case 'append': {
      const [call, chunks] = given as [string, CallChunk[]];
      return await store.append(
        call,
        chunks.map((chunk) => ({ ...chunk, block: plain(chunk.block) })),
      );
    }
    case 'seal':
      return await store.seal(...(given as Arguments<'seal'>));
    case 'claim': {
      const [want, number] = given as [Claim, string];
      return await claims.once(number, () => store.claim(want));
    }
    case 'renew':
      return await store.renew(...(given as Arguments<'renew'>));
    case 'acknowledge': {
      const [sent] = given as [SentAcknowledgement[]];
      return await store.acknowledge(sent.map(receiveAcknowledgement));
    }
    case 'status':
      return await store.status(...(given as Arguments<'status'>));
    case 'list':
      return await store.list(...(given as Arguments<'list'>));
    case 'outcomes':
      return sendPage(await store.outcomes(...(given as Arguments<'outcomes'>)));
    case 'cancel':
      return await store.cancel(...(given as Arguments<'cancel'>));
    case 'retry':
      return await store.retry(...(given as Arguments<'retry'>));
    case 'remove':
      return await store.remove(...(given as Arguments<'remove'>));
    case 'purge':
      return await store.purge(...(given as Arguments<'purge'>));
    case 'log': {
      const [call, lines] = given as [string, Uint8Array<ArrayBuffer>[]];
      return await store.log(call, receiveLines(lines));
    }
    case 'logs': {
      const { lines, next } = await store.logs(...(given as Arguments<'logs'>));
      return { lines: sendLines(lines), next };
    }
    case 'backlog':
      return await store.backlog();
  }
}
