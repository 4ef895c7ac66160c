import { ShardError } from '../errors.ts';

const MAX_PATH_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;

/** Throws `OPTION_INVALID`. */
export function requireVolumeName(name: unknown): string {
  if (typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_.\-]{0,62}$/v.test(name)) return name;
  throw new ShardError(
    'OPTION_INVALID',
    'Expected the name of a volume to be a letter and up to 62 letters, digits, `_`, `.` or `-`, ' +
      `got ${JSON.stringify(name)}`,
  );
}

/**
 * The path as volumes know it: its Unicode composed (NFC), since two that look alike should be one. Throws `PATH_INVALID`
 * for one that could lead out of a directory, or be no name of a file.
 */
export function requirePath(path: unknown): string {
  const why = typeof path === 'string' ? wrongWith(path) : `it is ${path === null ? 'null' : typeof path}`;
  if (why === undefined) return (path as string).normalize('NFC');
  throw new ShardError(
    'PATH_INVALID',
    `Expected a path such as \`folder/file.txt\`, but of ${JSON.stringify(path)?.slice(0, 200)} ${why}`,
  );
}

function wrongWith(path: string): string | undefined {
  if (!path.isWellFormed()) return 'the Unicode is broken';
  const composed = path.normalize('NFC');
  if (composed === '') return 'nothing is left';
  if (Buffer.byteLength(composed) > MAX_PATH_BYTES) return `the bytes are more than ${MAX_PATH_BYTES}`;
  if (/[\p{Cc}\\]/v.test(composed)) return 'a character is a control or a backslash';
  for (const segment of composed.split('/')) {
    if (segment === '') return 'a part between slashes is empty';
    if (segment === '.' || segment === '..') return `a part is ${JSON.stringify(segment)}`;
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `a part has more than ${MAX_SEGMENT_BYTES} bytes`;
  }
  return undefined;
}

/** What paths may begin with: any of their beginnings. Throws `PATH_INVALID`. */
export function requirePrefix(prefix: unknown): string {
  if (typeof prefix === 'string' && prefix.isWellFormed() && Buffer.byteLength(prefix) <= MAX_PATH_BYTES) {
    return prefix.normalize('NFC');
  }
  throw new ShardError('PATH_INVALID', `Expected the beginning of paths, got ${JSON.stringify(prefix)?.slice(0, 200)}`);
}
