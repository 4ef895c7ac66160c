/** What the database keeps of a block that is an object: where it is, and how many bytes it has. */
export interface BodyReference {
  readonly key: string;
  readonly bytes: number;
}

/** No block begins so: its second byte is zero. Blocks that pretend to are made objects, however small they are. */
const MARK = Buffer.from('\u00ffobj', 'latin1');

export function writeReference(reference: BodyReference): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([MARK, Buffer.from(JSON.stringify(reference))]));
}

/** Undefined where the bytes are the block itself. */
export function readReference(block: Uint8Array): BodyReference | undefined {
  if (!looksLikeReference(block)) return undefined;
  return JSON.parse(Buffer.from(block.subarray(MARK.length)).toString()) as BodyReference;
}

export function looksLikeReference(block: Uint8Array): boolean {
  return block.length >= MARK.length && MARK.equals(block.subarray(0, MARK.length));
}
