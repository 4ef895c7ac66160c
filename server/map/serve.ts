import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServerError } from '../errors.ts';
import type { Node, NodeFunction } from '../node.ts';
import { answerTo } from '../status.ts';
import { Answer } from './answer.ts';
import type { Engine } from '../../core/contract.ts';
import type { Outcome } from '../../core/functions/outcome.ts';
import type { RoutedOutcome } from '../../core/functions/routed.ts';
import { refuseWhole } from '../../core/functions/refuse.ts';
import { partInputs, runBatch } from '../../core/functions/run-batch.ts';
import type { Form, MapRequest } from './form.ts';
import type { Turns } from './turns.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Called before the first byte of the answer. */
  readonly onBegin: () => void;
}

/**
 * One batch from its first byte to its last. An error before the answer has begun is thrown, and becomes a status;
 * one after ends the answer.
 */
export async function serveBatch(node: Node, form: Form, { request, response, onBegin }: Exchange): Promise<void> {
  const { clock, limits, log, turns } = node;
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
  using answer = new Answer(response, {
    form,
    clock,
    turns,
    stallMs: limits.stallMs,
    controller,
    onBegin,
  });

  let functionName: string | undefined;
  let inputCount = 0;
  let outcome = 'ok';
  try {
    const { head, inputs } = await form.read(request, limits, (bytes) => permit.takeBytes(bytes));
    entry.name(head.call);
    permit.takeInputs(inputs.count);
    const hosted = node.functions.get(head.function);
    functionName = hosted.name;
    inputCount = inputs.count;
    const outcomes = outcomesOf(hosted, { head, inputs }, { engine, turns, signal });
    using _ = clock.after(limits.batchMs, () => {
      controller.abort(new ServerError('BATCH_TIMEOUT', `The batch took longer than ${limits.batchMs} ms`));
    });
    answer.startBeats();

    let failed = 0;
    for await (const each of outcomes) {
      if (each.kind !== 'failure') {
        await answer.write(
          each.kind === 'encoded' ? form.encoded(each.first, each.block) : form.outputs(each.first, each.outputs),
        );
        continue;
      }
      failed++;
      const { error } = answerTo(each.error);
      node.metrics.failure(hosted.name, error.code);
      await answer.write([form.failure(each.index, error)]);
    }
    const milliseconds = clock.now() - began;
    await answer.end(form.end({ count: inputs.count, failed, milliseconds }));
    const { call, batch, attempt } = head;
    log.debug({ call, batch, attempt, function: hosted.name, count: inputs.count, failed, milliseconds }, 'batch done');
  } catch (thrown) {
    // Whatever an aborted part threw, the cause is why it was aborted.
    const error: unknown = signal.aborted ? signal.reason : thrown;
    const { status, error: body } = answerTo(error);
    outcome = body.code;
    node.state.noteFailure(error);
    if (status >= 500) log.error({ err: error, function: functionName }, 'batch failed');
    if (body.code === 'CLIENT_GONE') response.destroy();
    if (response.destroyed) return onBegin();
    if (!answer.begun) throw error;
    await answer.fail(body);
  } finally {
    if (functionName !== undefined) {
      node.metrics.batch(functionName, {
        inputs: inputCount,
        milliseconds: clock.now() - began,
        outcome,
      });
    }
  }
}

interface Surroundings {
  readonly engine: Engine;
  readonly turns: Turns;
  readonly signal: AbortSignal;
}

/** Checks the options at once, and runs the batch when what becomes of it is asked for. */
function outcomesOf(
  hosted: NodeFunction,
  { head, inputs }: MapRequest,
  { engine, turns, signal }: Surroundings,
): AsyncIterable<Outcome | RoutedOutcome> {
  if ('route' in hosted) {
    return refuseWhole(hosted.route(head.options, engine, head)(inputs.blocks(), signal));
  }
  const bound = hosted.bind(head.options, engine, head);
  const options = { signal, partInputs: partInputs(engine.device) };
  return (async function* decoded() {
    yield* runBatch(hosted, bound, await inputs.values(turns), options);
  })();
}
