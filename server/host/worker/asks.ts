import { type PackedError, reviveError } from '../../../core/thread/packed-error.ts';
import type { Question } from '../messages.ts';
import type { Channel } from './channel.ts';

/** Questions to the node's engine that have no answer yet. */
export class Asks {
  readonly #channel: Channel;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 0;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Rejects with what the engine throws, or if the question can't be cloned. */
  async ask(piece: number, question: Question): Promise<unknown> {
    const id = this.#next++;
    this.#channel.send({ type: 'ask', id, piece, question });
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, answer);
    return answer.promise;
  }

  answered(id: number, value: unknown): void {
    this.#take(id)?.resolve(value);
  }

  refused(id: number, error: PackedError): void {
    this.#take(id)?.reject(reviveError(error));
  }

  #take(id: number): PromiseWithResolvers<unknown> | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }
}
