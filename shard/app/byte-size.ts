const UNITS = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

/** Bytes, or a text such as `16GiB` or `500 MB`. */
export type ByteSize = number | `${number}${'' | ' '}${keyof typeof UNITS}`;

/** The bytes that a size means; of what is none, the value as it is, for who checks it. */
export function bytesOf(size: unknown): unknown {
  if (typeof size !== 'string') return size;
  const { number, unit } = /^(?<number>\d+(?:\.\d+)?) ?(?<unit>[KMGT]i?B)$/.exec(size)?.groups ?? {};
  return unit === undefined ? size : Number(number) * UNITS[unit as keyof typeof UNITS];
}
