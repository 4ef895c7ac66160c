import { ShardError } from '../../shard/errors.ts';
import type { Message } from '../../shard/wire/message.ts';

/** The connection broke while an answer was on its way: the node may well live, and go on with the batch. */
export class ConnectionCut extends ShardError {
  constructor(message: string, options?: ErrorOptions) {
    super('LANE_LOST', message, options);
  }
}

/** The answer to one batch, in one or more requests. */
export interface AnswerSource {
  /** For people: the node. */
  readonly name: string;
  /** Sends the batch. Throws `ConnectionCut` as it happens. */
  send(): AsyncIterable<Message>;
  /** Asks for what is missing after so many frames, beats not counted. Throws `ConnectionCut`, also if nothing is known. */
  rest(frames: number): AsyncIterable<Message>;
}

/**
 * The messages of one answer up to its end. Where the connection is cut, what is missing is asked of the same node, so
 * that the function is not run again; and once more for each cut that comes after progress. Throws what can't be mended.
 */
export async function* wholeAnswer({ name, send, rest }: AnswerSource): AsyncGenerator<Message, void, undefined> {
  let frames = 0;
  let source = send();
  let before: number | undefined;
  for (;;) {
    let cut: ConnectionCut;
    try {
      for await (const message of source) {
        if (message.type !== 'beat') frames++;
        yield message;
        if (message.type === 'end' || message.type === 'error') return;
      }
      cut = new ConnectionCut(`${name} closed the connection before the batch was complete`);
    } catch (error) {
      if (!(error instanceof ConnectionCut)) throw error;
      cut = error;
    }
    if (frames === before) throw cut;
    before = frames;
    source = rest(frames);
  }
}
