import { createHash } from 'node:crypto';
import type { Node } from '../node.ts';
import { deliver, type Exchange } from './deliver.ts';
import type { Form } from './form.ts';
import { run } from './run.ts';

/**
 * One batch from its first byte to its last. A batch that is known, by its call, number and attempt, is not run again:
 * it is answered with what it answered before. An error before the answer has begun is thrown, and becomes a status;
 * one after ends the answer.
 */
export async function serveBatch(node: Node, form: Form, exchange: Exchange): Promise<void> {
  const began = node.clock.now();
  const engine = node.state.open();
  const permit = node.admission.admit();
  const controller = new AbortController();
  const entry = node.calls.enter(controller);
  let running: Promise<void> | undefined;
  try {
    const hash = createHash('sha256').update(form.requestType);
    const { head, inputs, anonymous } = await form.read(exchange.request, node.limits, (chunk) => {
      permit.takeBytes(chunk.length);
      hash.update(chunk);
    });
    entry.name(head.call);
    permit.takeInputs(inputs.count);
    const { call, batch, attempt } = head;
    const identity = anonymous ? undefined : { call, batch, attempt };
    const fingerprint = hash.digest('base64');
    let recording = node.replays.find({ identity, fingerprint });
    if (!recording) {
      recording = node.replays.begin({ identity, fingerprint, mediaType: form.requestType, controller });
      running = run(node, { form, engine, began, controller, recording, head, inputs });
    }
    await deliver(node, form, recording, 0, exchange);
  } catch (error) {
    // Nobody is left to be told.
    if (!exchange.response.destroyed) throw error;
    exchange.onBegin();
  } finally {
    // A run may outlive the connection that brought it.
    void Promise.resolve(running).then(() => {
      entry[Symbol.dispose]();
      permit[Symbol.dispose]();
    });
  }
}
