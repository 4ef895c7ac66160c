/** Texts without their repeats, and for each text given, which of them it is. */
export interface Distinct {
  readonly texts: readonly string[];
  readonly indexOf: Uint32Array;
}

export function distinctTexts(texts: readonly string[]): Distinct {
  const seen = new Map<string, number>();
  const indexOf = new Uint32Array(texts.length);
  for (const [position, text] of texts.entries()) {
    let index = seen.get(text);
    if (index === undefined) {
      index = seen.size;
      seen.set(text, index);
    }
    indexOf[position] = index;
  }
  return { texts: seen.size === texts.length ? texts : [...seen.keys()], indexOf };
}
