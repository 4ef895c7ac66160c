import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ShardError } from '../errors.ts';
import type { Schema } from './definition.ts';

/** What is wrong with an input, and where in it. */
export interface Issue {
  readonly message: string;
  /** Keys and positions from the input down to the value at fault; empty for the input itself. */
  readonly path: readonly (string | number)[];
}

const SHOWN_ISSUES = 3;

/** What the schema makes of an input. Throws `INPUT_INVALID`, with the issues in its details, and what the schema throws. */
export async function validate(schema: Schema, input: unknown): Promise<unknown> {
  const result = await schema['~standard'].validate(input);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map((issue): Issue => ({ message: issue.message, path: pathOf(issue) }));
  const shown = issues.slice(0, SHOWN_ISSUES).map(described).join('; ');
  const more = issues.length > SHOWN_ISSUES ? `; and ${issues.length - SHOWN_ISSUES} more` : '';
  throw new ShardError('INPUT_INVALID', `The input does not fit its schema: ${shown}${more}`, { details: { issues } });
}

/** Whether a value is a validator that follows the Standard Schema. */
export function isSchema(value: unknown): value is Schema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const { '~standard': standard } = value as Partial<Schema>;
  return typeof standard?.validate === 'function';
}

function pathOf({ path = [] }: StandardSchemaV1.Issue): readonly (string | number)[] {
  return path
    .map((segment) => (typeof segment === 'object' ? segment.key : segment))
    .map((key) => (typeof key === 'number' ? key : String(key)));
}

function described({ message, path }: Issue): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}
