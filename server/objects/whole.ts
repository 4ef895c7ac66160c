import type { Objects } from './contract.ts';

/** All bytes of an object that is known to be small; undefined if there is none. */
export async function readObjectWhole(objects: Objects, key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const stream = await objects.read(key);
  return stream && new Uint8Array(await new Response(stream).arrayBuffer());
}
