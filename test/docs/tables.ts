/** The first cells of the tables under one heading of a Markdown document, without their backticks. */
export function firstCells(markdown: string, heading: string): string[] {
  const [, ...rest] = `\n${markdown}`.split(`\n${heading}\n`);
  if (rest.length !== 1) throw new Error(`Expected the heading "${heading}" once, got it ${rest.length} times.`);
  const section = rest[0]?.split(/\n#{1,6} /v)[0] ?? '';
  return [...section.matchAll(/^\| `(?<cell>[^`]+)` \|/gmv)].map((row) => row.groups?.['cell'] ?? '');
}
