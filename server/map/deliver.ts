import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServerError } from '../errors.ts';
import type { Node } from '../node.ts';
import type { Recording } from '../replay/recording.ts';
import { answerTo } from '../status.ts';
import { Answer } from './answer.ts';
import type { Form } from './form.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Called before the first byte of the answer. */
  readonly onBegin: () => void;
}

/**
 * Sends a client what a batch answers, from piece number `from` on. An error before the answer has begun is thrown, and
 * becomes a status; one after ends the answer.
 */
export async function deliver(
  { clock, limits }: Node,
  form: Form,
  recording: Recording,
  from: number,
  { response, onBegin }: Exchange,
): Promise<void> {
  const controller = new AbortController();
  using answer = new Answer(response, { form, clock, stallMs: limits.stallMs, controller, onBegin });
  const onClose = (): void => controller.abort(new ServerError('CLIENT_GONE', 'The client closed the connection'));
  if (response.destroyed) onClose();
  response.once('close', onClose);
  const onAbort = (): void => controller.abort(recording.signal.reason);
  recording.signal.addEventListener('abort', onAbort, { once: true });
  try {
    using listening = recording.listen(from, controller.signal);
    answer.startBeats();
    for (let piece = await listening.next(); piece !== undefined; piece = await listening.next()) {
      await answer.write(piece);
    }
    await answer.end();
  } catch (error) {
    const { error: body } = answerTo(error);
    if (body.code === 'CLIENT_GONE') response.destroy();
    if (response.destroyed) return onBegin();
    if (!answer.begun) throw error;
    await answer.fail(body);
  } finally {
    response.off('close', onClose);
    recording.signal.removeEventListener('abort', onAbort);
  }
}
