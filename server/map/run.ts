import type { Engine } from '../../core/contract.ts';
import type { Outcome } from '../../core/functions/outcome.ts';
import type { RoutedOutcome } from '../../core/functions/routed.ts';
import { ServerError } from '../errors.ts';
import type { Node } from '../node.ts';
import type { Piece, Recording } from '../replay/recording.ts';
import { answerTo } from '../status.ts';
import type { Form, MapRequest } from './form.ts';
import { outcomesOf } from './outcomes.ts';

export interface Run extends MapRequest {
  readonly form: Form;
  readonly engine: Engine;
  /** When the request came, by the node's clock. */
  readonly began: number;
  readonly controller: AbortController;
  readonly recording: Recording;
}

/** Runs one batch to its end, whoever listens, and records what it answers. Never rejects. */
export async function run(
  node: Node,
  { form, engine, began, controller, recording, head, inputs }: Run,
): Promise<void> {
  const { clock, limits, log, turns } = node;
  const { signal } = controller;
  let functionName: string | undefined;
  let outcome = 'ok';
  try {
    using held = await node.functions.hold(head.function, (reason) => controller.abort(reason));
    const hosted = held.function;
    functionName = hosted.name;
    const outcomes = outcomesOf(node, { hosted, engine, signal, audience: recording }, { head, inputs });
    using _ = clock.after(limits.batchMs, () => {
      controller.abort(new ServerError('BATCH_TIMEOUT', `The batch took longer than ${limits.batchMs} ms`));
    });
    let failed = 0;
    for await (const each of outcomes) {
      if (each.kind !== 'failure') {
        const pieces = piecesOf(form, each)[Symbol.iterator]();
        for (;;) {
          const piece = await turns.run(() => pieces.next());
          if (piece.done) break;
          await recording.add(piece.value);
        }
        continue;
      }
      failed++;
      const { error } = answerTo(each.error);
      node.metrics.failure(hosted.name, error.code);
      await recording.add(form.failure(each.index, error));
    }
    const milliseconds = clock.now() - began;
    recording.end(form.end({ count: inputs.count, failed, milliseconds }));
    const { call, batch, attempt } = head;
    log.debug({ call, batch, attempt, function: hosted.name, count: inputs.count, failed, milliseconds }, 'batch done');
  } catch (thrown) {
    // Whatever an aborted part threw, the cause is why it was aborted.
    const error: unknown = signal.aborted ? signal.reason : thrown;
    const { status, error: body } = answerTo(error);
    outcome = body.code;
    node.state.noteFailure(error);
    if (status >= 500) log.error({ err: error, function: functionName }, 'batch failed');
    recording.fail(error);
  } finally {
    if (functionName !== undefined) {
      node.metrics.batch(functionName, { inputs: inputs.count, milliseconds: clock.now() - began, outcome });
    }
  }
}

function piecesOf(form: Form, outcome: Exclude<Outcome | RoutedOutcome, { kind: 'failure' }>): Iterable<Piece> {
  return outcome.kind === 'encoded'
    ? form.encoded(outcome.first, outcome.block)
    : form.outputs(outcome.first, outcome.outputs);
}
