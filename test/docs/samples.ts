/** A fenced block of a Markdown document. */
export interface Sample {
  /** For people and file names, such as `README-2`: the document, and which of its blocks. */
  readonly name: string;
  readonly language: string;
  /** Marked by `run` after the language: the block is a whole program. */
  readonly runs: boolean;
  readonly text: string;
  /** The block marked `text` that follows directly: what the program prints, `…` standing for anything. */
  readonly prints: string | undefined;
}

const fence = /^```(?<language>\w+)(?<mark> run)?\n(?<text>.*?)^```\n(?:\n```text\n(?<prints>.*?)^```\n)?/gmsv;

export function samplesIn(document: string, markdown: string): Sample[] {
  return [...markdown.matchAll(fence)].map(({ groups = {} }, index) => ({
    name: `${document.replace(/\.md$/v, '')}-${index + 1}`,
    language: groups['language'] ?? '',
    runs: groups['mark'] !== undefined,
    text: groups['text'] ?? '',
    prints: groups['prints'],
  }));
}

/** Whether a program printed what its document shows. */
export function matches(printed: string, shown: string): boolean {
  const literals = shown
    .trim()
    .split('…')
    .map((text) => text.replaceAll(/[$\(\)*+.?\[\\\]^\{\|\}]/gv, String.raw`\$&`));
  return new RegExp(`^${literals.join('.*')}$`, 's').test(printed.trim());
}
