import type { Pooling } from '../contract.ts';
import { ModelError } from '../errors.ts';
import type { Json } from './json-file.ts';

/** `undefined` marks modes that exist and are not computed here. */
const modes = new Map<string, Pooling | undefined>([
  ['cls_token', 'cls'],
  ['mean_tokens', 'mean'],
  ['max_tokens', 'max'],
  ['lasttoken', 'lastToken'],
  ['mean_sqrt_len_tokens', undefined],
  ['weightedmean_tokens', undefined],
]);

/** Newer files name the mode in one word. */
const modesByWord = new Map<string, Pooling>([
  ['cls', 'cls'],
  ['mean', 'mean'],
  ['max', 'max'],
  ['lasttoken', 'lastToken'],
]);

/** Reads `1_Pooling/config.json`. Throws `MODEL_UNSUPPORTED` for other modes, and for several at once. */
export function parsePooling(config: Json, path: string): Pooling {
  const word = config['pooling_mode'];
  if (typeof word === 'string') {
    return modesByWord.get(word) ?? unsupported([word], path);
  }
  const chosen = [...modes.keys()].filter((mode) => config[`pooling_mode_${mode}`] === true);
  const pooling = chosen.length === 1 ? modes.get(chosen[0] ?? '') : undefined;
  return pooling ?? unsupported(chosen, path);
}

function unsupported(chosen: readonly string[], path: string): never {
  throw new ModelError(
    'MODEL_UNSUPPORTED',
    `${path} asks for ${chosen.length === 0 ? 'no pooling mode' : chosen.join(' + ')}; supported is one of mean, cls, max or last token.`,
  );
}
