/** The rows of the tables under one heading of a Markdown document, but for their heads. */
export function rowsOf(markdown: string, heading: string): string[][] {
  const lines = sectionOf(markdown, heading).split('\n');
  const rule = (line: string | undefined): boolean => line !== undefined && /^\|[\-\|]+$/v.test(line);
  return lines
    .filter((line, at) => line.startsWith('|') && !rule(line) && !rule(lines[at + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** The first cells of the tables under one heading of a Markdown document, without their backticks. */
export function firstCells(markdown: string, heading: string): string[] {
  const section = sectionOf(markdown, heading);
  return [...section.matchAll(/^\| `(?<cell>[^`]+)` \|/gmv)].map((row) => row.groups?.['cell'] ?? '');
}

function sectionOf(markdown: string, heading: string): string {
  const [, ...rest] = `\n${markdown}`.split(`\n${heading}\n`);
  if (rest.length !== 1) throw new Error(`Expected the heading "${heading}" once, got it ${rest.length} times.`);
  return rest[0]?.split(/\n#{1,6} /v)[0] ?? '';
}
