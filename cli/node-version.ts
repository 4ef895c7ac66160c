const NEEDED = 24;

/** What to tell someone whose Node.js is too old, as `process.version` names it; nothing where it is not. */
export function nodeRefusal(version: string): string | undefined {
  const major = Number(/^v?(\d+)\./.exec(version)?.[1]);
  if (major >= NEEDED) return undefined;
  return `warpmap needs Node.js ${NEEDED} or newer, and this is ${version}: get it from https://nodejs.org, or for once run \`npx -p node@${NEEDED} -p warpmap warpmap\``;
}
