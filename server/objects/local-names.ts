/**
 * How segments of keys are names of files. Some file systems hold `A` and `a` to be one name, so that an upper case letter is
 * `=` and the lower case one. The name of an object ends with `=`, so that it is never that of a directory.
 */
export function directoryOf(segment: string): string {
  return segment.replaceAll(/[A-Z]/gv, (letter) => `=${letter.toLowerCase()}`);
}

export function fileOf(segment: string): string {
  return `${directoryOf(segment)}=`;
}

/** The segment of which this is the name; undefined for the name of nothing of ours. */
export function segmentOf(name: string, kind: 'file' | 'directory'): string | undefined {
  if (kind === 'file' && !name.endsWith('=')) return undefined;
  const encoded = kind === 'file' ? name.slice(0, -1) : name;
  if (!/^(?:[a-z0-9_]|=[a-z])(?:[a-z0-9_.\-]|=[a-z])*$/v.test(encoded)) return undefined;
  return encoded.replaceAll(/=(?<letter>[a-z])/gv, (_, letter: string) => letter.toUpperCase());
}
