import type { ContextEmbedOptions, ContextVectors } from '../../../shard/app/context.ts';
import { type PackedError, reviveError } from '../../../core/thread/packed-error.ts';
import type { Channel } from './channel.ts';

/** Texts that are with the node's engine to be embedded. */
export class Embeddings {
  readonly #channel: Channel;
  readonly #pending = new Map<number, PromiseWithResolvers<ContextVectors>>();
  #next = 0;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  ask(piece: number, texts: readonly string[], options: ContextEmbedOptions): Promise<ContextVectors> {
    const answer = Promise.withResolvers<ContextVectors>();
    const id = this.#next++;
    this.#channel.send({ type: 'embed', id, piece, texts, options });
    this.#pending.set(id, answer);
    return answer.promise;
  }

  answer(id: number, answer: ContextVectors | { readonly error: PackedError }): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if ('error' in answer) pending?.reject(reviveError(answer.error));
    else pending?.resolve(answer);
  }
}
