import type { LocalModel } from '../contract.ts';
import { ModelError } from '../errors.ts';

/** One place where a model may be. */
export interface Place {
  /** For people. */
  readonly name: string;
  readonly take: () => Promise<LocalModel>;
}

/**
 * The model from the first place that has it. The failure names every place with its reason, and carries the code of
 * the last, which is the one that should have had it.
 */
export async function firstOf(model: string, places: readonly Place[]): Promise<LocalModel> {
  const failures: { readonly place: Place; readonly error: ModelError }[] = [];
  for (const place of places) {
    try {
      return await place.take();
    } catch (error) {
      if (!(error instanceof ModelError)) {
        throw error;
      }
      failures.push({ place, error });
    }
  }
  const last = failures.at(-1)?.error;
  const lines = failures.map(({ place, error }) => `  - ${place.name}: ${error.message}`);
  throw new ModelError(
    last?.code ?? 'MODEL_NOT_FOUND',
    `The model ${model} was found in none of these places:\n${lines.join('\n')}`,
    { cause: last },
  );
}
