import type { Engine } from '../../core/contract.ts';
import { CoreError } from '../../core/errors.ts';
import { builtIns, Registry } from '../../core/functions/registry.ts';
import type { Question } from './messages.ts';

const functions = new Registry(builtIns);

/** What a node's engine answers to a handler: vectors, or an array of outputs. Throws the engine's errors. */
export async function answerOf(engine: Engine, question: Question, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted();
  if ('volume' in question) throw new CoreError('INPUT_INVALID', "Volumes are not the engine's");
  if ('size' in question) return engine.collections().find(({ name }) => name === question.size)?.size ?? 0;
  const { function: name, options, inputs } = question;
  if (!Array.isArray(inputs)) throw new CoreError('INPUT_INVALID', `Expected an array for ${name}`);
  const bound = functions.get(name).bind(options, engine, { call: '', batch: 0 });
  const accepted = inputs.map((input) => bound.accept(input));
  const outputs = await bound.run(accepted, signal, [...accepted.keys()]);
  return outputs.kind === 'rows' ? outputs.vectors : outputs.values;
}
