const NEEDED = { major: 24, minor: 5 };

/** What to tell someone whose Node.js is too old, as `process.version` names it; nothing where it is not. */
export function nodeRefusal(version: string): string | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  if (major !== undefined && (major > NEEDED.major || (major === NEEDED.major && (minor ?? 0) >= NEEDED.minor))) {
    return undefined;
  }
  const needed = `${NEEDED.major}.${NEEDED.minor}`;
  return (
    `warpmap needs Node.js ${needed} or newer, and this is ${version}: get it from https://nodejs.org, ` +
    `or for once run \`npx -p node@${NEEDED.major} -p warpmap warpmap\``
  );
}
