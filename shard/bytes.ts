const OBJECT_BYTES = 16;
const MAX_DEPTH = 4;

/** Roughly how many bytes a value takes on the wire and in memory: cheap, and never less than 1. */
export function estimateBytes(value: unknown, depth = 0): number {
  if (typeof value === 'string') return value.length + 4;
  if (typeof value !== 'object' || value === null) return 8;
  if (ArrayBuffer.isView(value)) return value.byteLength + OBJECT_BYTES;
  if (value instanceof ArrayBuffer) return value.byteLength + OBJECT_BYTES;
  if (depth === MAX_DEPTH) return OBJECT_BYTES;
  let bytes = OBJECT_BYTES;
  if (Array.isArray(value)) {
    for (const item of value) bytes += estimateBytes(item, depth + 1);
  } else {
    for (const key in value) {
      bytes += key.length + estimateBytes((value as Record<string, unknown>)[key], depth + 1);
    }
  }
  return bytes;
}
