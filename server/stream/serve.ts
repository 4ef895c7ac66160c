import { CoreError } from '../../core/errors.ts';
import { ServerError } from '../errors.ts';
import { Answer } from '../map/answer.ts';
import type { Form } from '../map/form.ts';
import type { Exchange } from '../map/deliver.ts';
import type { Node } from '../node.ts';
import { answerTo } from '../status.ts';

/** Items that wait to be taken where the client tells of none: what the connection takes counts as taken. */
const UNTOLD_AHEAD = 16;

export interface StreamExchange extends Exchange {
  /** Items that the client lets wait; it tells what it has taken. Default: as the connection takes them. */
  readonly ahead: number | undefined;
}

/** One run of a generator, its items streamed back as they come. Errors as in a batch. */
export async function serveStream(node: Node, form: Form, exchange: StreamExchange): Promise<void> {
  const { clock, limits, log } = node;
  const { request, response, onBegin, ahead } = exchange;
  const began = clock.now();
  const engine = node.state.open();
  using permit = node.admission.admit();
  const controller = new AbortController();
  const { signal } = controller;
  using entry = node.calls.enter(controller);
  response.once('close', () => {
    if (!response.writableFinished) {
      controller.abort(new ServerError('CLIENT_GONE', 'The client closed the connection'));
    }
  });
  using answer = new Answer(response, { form, clock, stallMs: limits.stallMs, controller, onBegin });

  let functionName: string | undefined;
  let count = 0;
  let outcome = 'ok';
  try {
    const { head, inputs } = await form.read(request, limits, (chunk) => permit.takeBytes(chunk.length));
    entry.name(head.call);
    permit.takeInputs(inputs.count);
    using held = await node.functions.hold(head.function, (reason) => controller.abort(reason));
    const { stream: start, name } = held.function;
    functionName = name;
    if (!start)
      throw new CoreError(
        'OPTION_INVALID',
        `${name} is no generator function: call it with remote or map, which are POST /v1/map`,
      );
    if (inputs.count !== 1) {
      throw new CoreError('OPTION_INVALID', `Expected one input for the generator ${name}, got ${inputs.count}`);
    }
    const around = { engine, batch: head, signal, ahead: ahead ?? UNTOLD_AHEAD };
    const stream = start(head.options, inputs.blocks(), around);
    using _ = node.streams.enter(head.call, head.batch, stream);
    using __ = clock.after(limits.batchMs, () => {
      controller.abort(new ServerError('BATCH_TIMEOUT', `The generator took longer than ${limits.batchMs} ms`));
    });
    answer.startBeats();
    let failed = 0;
    try {
      for await (const block of stream.items) {
        for (const piece of form.encoded(count, block)) await answer.write(piece);
        count += block.count;
        if (ahead === undefined) stream.taken(count);
      }
    } catch (thrown) {
      signal.throwIfAborted();
      // Before an answer has begun an error is a status, unless it is the handler's.
      if (!(thrown instanceof ServerError)) throw thrown;
      failed = 1;
      const { error } = answerTo(thrown);
      node.metrics.failure(name, error.code);
      await answer.write(form.failure(count, error));
    }
    await answer.end(form.end({ count, failed, milliseconds: clock.now() - began }));
  } catch (thrown) {
    const error: unknown = signal.aborted ? signal.reason : thrown;
    const { status, error: body } = answerTo(error);
    outcome = body.code;
    node.state.noteFailure(error);
    if (status >= 500) log.error({ err: error, function: functionName }, 'a generator failed');
    if (body.code === 'CLIENT_GONE') response.destroy();
    if (response.destroyed) return onBegin();
    if (!answer.begun) throw error;
    await answer.fail(body);
  } finally {
    if (functionName !== undefined) {
      node.metrics.batch(functionName, { inputs: 1, milliseconds: clock.now() - began, outcome });
    }
  }
}
