import { createHash } from 'node:crypto';
import { SdkError } from '../errors.ts';

/** TypeScript declarations of the module of an app. */
export interface Declarations {
  /** Texts by path, relative to one directory, with `/` between. */
  readonly files: Readonly<Record<string, string>>;
  /** The path of that of the module. */
  readonly entry: string;
}

/** What is stored with a version. */
export function packDeclarations({ files, entry }: Declarations): {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly hash: string;
} {
  const sorted = Object.fromEntries(Object.entries(files).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  const bytes = new TextEncoder().encode(JSON.stringify({ entry, files: sorted }));
  return { bytes, hash: createHash('sha256').update(bytes).digest('hex') };
}

/** What another has stored. Throws `DECLARATIONS_INVALID` for what is none, or would leave the directory. */
export function parseDeclarations(found: unknown): Declarations {
  const { files, entry } = Object(found) as Partial<Record<keyof Declarations, unknown>>;
  if (typeof files === 'object' && files !== null && typeof entry === 'string') {
    const all = Object.entries(files as Record<string, unknown>);
    if (entry in files && all.every(([path, text]) => isInside(path) && typeof text === 'string')) {
      return { files: files as Record<string, string>, entry };
    }
  }
  throw new SdkError('DECLARATIONS_INVALID', 'What the node has of the declarations of this version is none');
}

function isInside(path: string): boolean {
  const segments = path.split('/');
  return (
    /\.d\.[cm]?ts$/v.test(path) &&
    segments.every((each) => /^[^\\:\p{Cc}]+$/v.test(each) && each !== '.' && each !== '..')
  );
}
