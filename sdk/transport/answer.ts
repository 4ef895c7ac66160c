import { ShardError } from '../../shard/errors.ts';
import type { Message } from '../../shard/wire/message.ts';

/** The connection broke while an answer was on its way: the node may well live, and go on with the batch. */
export class ConnectionCut extends ShardError {
  /** Whether the node may know more of the batch. */
  readonly mendable: boolean;

  constructor(message: string, options: ErrorOptions & { readonly mendable?: boolean } = {}) {
    super('LANE_LOST', message, options);
    this.mendable = options.mendable ?? true;
  }
}

/** Cuts in a row without a whole frame between them, after which the node counts as lost. */
const MAX_FRUITLESS = 3;

/** The answer to one batch, in one or more requests. */
export interface AnswerSource {
  /** For people: the node. */
  readonly name: string;
  /** Sends the batch. Throws `ConnectionCut` as it happens. */
  readonly send: () => AsyncIterable<Message>;
  /** Asks for what is missing after so many frames, beats not counted. Throws `ConnectionCut`, also if the node knows nothing. */
  readonly rest: (frames: number) => AsyncIterable<Message>;
}

/**
 * The messages of one answer up to its end. Where the connection is cut, the same node is asked for what is missing, so
 * that the function is not run again. Throws what can't be mended, and the last cut of too many.
 */
export async function* wholeAnswer({ name, send, rest }: AnswerSource): AsyncGenerator<Message, void, undefined> {
  let frames = 0;
  let source = send();
  for (let fruitless = 0; ;) {
    const before = frames;
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
    fruitless = frames > before ? 0 : fruitless + 1;
    if (!cut.mendable || fruitless === MAX_FRUITLESS) throw cut;
    source = rest(frames);
  }
}
