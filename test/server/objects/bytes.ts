/** Bytes by which their place can be told: every part of an endless sequence is the same wherever it is cut. */
export function patternBytes(start: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => Math.imul(start + index, 2_654_435_761) >>> 24);
}

export async function readAll(
  stream: AsyncIterable<Uint8Array<ArrayBuffer>> | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return stream && Uint8Array.from(Buffer.concat(await Array.fromAsync(stream)));
}
