import { isObject, type Json } from './json-file.ts';

/** Named prompts of `config_sentence_transformers.json`; those that say nothing are left out. */
export function promptsOf(config: Json | undefined): Readonly<Record<string, string>> {
  const prompts = config?.['prompts'];
  return isObject(prompts)
    ? Object.fromEntries(
        Object.entries(prompts).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
        ),
      )
    : {};
}

/** Lengths stated in any of the configs, longest first, none above `dims`. */
export function matryoshkaDimsOf(configs: readonly (Json | undefined)[], dims: number): readonly number[] {
  for (const config of configs) {
    const stated = config?.['matryoshka_dimensions'] ?? config?.['matryoshka_dims'];
    if (Array.isArray(stated)) {
      return stated
        .filter((length): length is number => Number.isSafeInteger(length) && length > 0 && length <= dims)
        .toSorted((one, other) => other - one);
    }
  }
  return [];
}
