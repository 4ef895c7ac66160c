import type { Id } from '../../shard/app/collection.ts';
import { connectTo, type NodeFlags } from '../commands/nodes.ts';
import { print } from '../print.ts';

export interface CollectionFlags extends NodeFlags {
  readonly json?: true;
}

export interface SearchFlags extends CollectionFlags {
  readonly k: number;
  readonly allow?: readonly string[];
  readonly exclude?: readonly string[];
}

export interface ExplainFlags extends CollectionFlags {
  readonly queries: number;
  readonly k: number;
}

export async function list(flags: CollectionFlags): Promise<void> {
  await using warp = await connectTo(flags);
  for (const each of await warp.collections()) {
    const { name, type, metric, dims, rescore, size } = each;
    const like = `${type}${rescore ? ' with rescore' : ''}, ${metric}, ${dims} dims`;
    await print(flags.json ? `${JSON.stringify(each)}\n` : `${String(size).padStart(12)}  ${name}  (${like})\n`);
  }
}

export async function search(
  name: string,
  text: string,
  { json, k, allow, exclude, ...flags }: SearchFlags,
): Promise<void> {
  await using warp = await connectTo(flags);
  const filter = { ...(allow && { allow: allow.map(idOf) }), ...(exclude && { exclude: exclude.map(idOf) }) };
  for (const match of await warp.collection(name).similarity.topK(text, { k, filter })) {
    await print(json ? `${JSON.stringify(match)}\n` : `${match.score.toFixed(6).padStart(12)}  ${match.id}\n`);
  }
}

export async function explain(name: string, { json, queries, k, ...flags }: ExplainFlags): Promise<void> {
  await using warp = await connectTo(flags);
  for (const each of await warp.collection(name).explain({ queries, k })) {
    const { node, backend, reason, steps, bytes, flops } = each;
    const lines = [`${node}: ${backend}`, `  ${reason}`, ...steps.map((step) => `  - ${step}`)];
    lines.push(`  ${bytes} bytes of vectors, ${flops} operations`);
    await print(json ? `${JSON.stringify(each)}\n` : `${lines.join('\n')}\n`);
  }
}

export async function remove(name: string, ids: readonly string[], flags: CollectionFlags): Promise<void> {
  await using warp = await connectTo(flags);
  await warp.collection(name).remove(ids.map(idOf));
}

export async function drop(name: string, flags: CollectionFlags): Promise<void> {
  await using warp = await connectTo(flags);
  await warp.collection(name).drop();
}

/** `7` is a number and `"7"` a text, as in JSON; what is neither is a text as it stands. */
function idOf(text: string): Id {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string' || typeof value === 'number') return value;
  } catch {
    // No JSON.
  }
  return text;
}
