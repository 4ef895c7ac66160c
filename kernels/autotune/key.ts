/** What a choice depends on, besides the question: the adapter, its driver, and the kernels themselves. */
export function tuningIdentity(
  {
    vendor,
    architecture,
    device,
    description,
  }: Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'>,
  version: string,
): string {
  return JSON.stringify([vendor, architecture, device, description, version]);
}

/** Shapes of one key share a choice: sizes count as the power of two from them up. */
export function tuningKey(identity: string, kernel: string, shape: Readonly<Record<string, number | string>>): string {
  const bucket = Object.keys(shape)
    .toSorted()
    .map((name) => [name, bucketOf(shape[name] ?? 0)]);
  return JSON.stringify([kernel, bucket, identity]);
}

function bucketOf(size: number | string): number | string {
  return typeof size === 'number' && size > 0 ? 2 ** Math.ceil(Math.log2(size)) : size;
}
