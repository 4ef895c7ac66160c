import { isRecord, type TokenizerJson } from './json.ts';

/** Ids of the special tokens around one text. */
export interface Framing {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}

/** Reads the post-processor; `undefined` for one that does more than put ids before and after. */
export function framing(json: TokenizerJson): Framing | undefined {
  const processor = json.post_processor;
  if (processor === null || processor === undefined) {
    return { prefix: [], suffix: [] };
  }
  if (processor.type === 'BertProcessing' || processor.type === 'RobertaProcessing') {
    const opening = pairId(processor.cls);
    const closing = pairId(processor.sep);
    return opening === undefined || closing === undefined ? undefined : { prefix: [opening], suffix: [closing] };
  }
  return processor.type === 'TemplateProcessing'
    ? templateFraming(processor.single, processor.special_tokens)
    : undefined;
}

function pairId(pair: unknown): number | undefined {
  const id: unknown = Array.isArray(pair) ? pair[1] : undefined;
  return typeof id === 'number' ? id : undefined;
}

function templateFraming(template: unknown, specials: unknown): Framing | undefined {
  if (!Array.isArray(template) || !isRecord(specials)) {
    return undefined;
  }
  const prefix: number[] = [];
  const suffix: number[] = [];
  let sequences = 0;
  for (const part of template as readonly unknown[]) {
    if (!isRecord(part)) {
      return undefined;
    }
    if (isRecord(part['Sequence'])) {
      sequences += 1;
      continue;
    }
    const ids = templateIds(part['SpecialToken'], specials);
    if (ids === undefined) {
      return undefined;
    }
    (sequences === 0 ? prefix : suffix).push(...ids);
  }
  return sequences === 1 ? { prefix, suffix } : undefined;
}

function templateIds(special: unknown, specials: Readonly<Record<string, unknown>>): readonly number[] | undefined {
  const name = isRecord(special) ? special['id'] : undefined;
  const entry = typeof name === 'string' ? specials[name] : undefined;
  const ids: unknown = isRecord(entry) ? entry['ids'] : undefined;
  return Array.isArray(ids) && ids.every((id) => typeof id === 'number') ? ids : undefined;
}
