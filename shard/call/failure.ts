import { invalid } from '../wire/limits.ts';
import { fieldsOf, parseRemoteError } from '../wire/schema.ts';
import type { CallFailure } from './contract.ts';

/** Throws `FRAME_INVALID` for what is no failure of an input. */
export function parseCallFailure(value: unknown): CallFailure {
  const fields = fieldsOf(value, 'A failure', ['error', 'attempts', 'losses', 'node', 'input']);
  const { attempts, losses, node, input } = fields as { [Name in keyof CallFailure]: unknown };
  if (!isCount(attempts) || !isCount(losses)) {
    throw invalid('A failure lacks its attempts or losses, which are whole numbers of 0 or more');
  }
  if (typeof node !== 'string' || typeof input !== 'string') {
    throw invalid('A failure lacks its node or its input, which are strings');
  }
  return { error: parseRemoteError(fields['error']), attempts, losses, node, input };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
