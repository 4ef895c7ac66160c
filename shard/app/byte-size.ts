const UNITS = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
  TiB: 1_099_511_627_776,
} as const;

/** Bytes, or a text such as `16GiB` or `500 MB`. */
export type ByteSize = number | `${number}${'' | ' '}${keyof typeof UNITS}`;

/** The bytes that a size means; of what is none, the value as it is, for who checks it. */
export function bytesOf(size: unknown): unknown {
  if (typeof size !== 'string') return size;
  const { number, unit } = /^(?<number>\d+(?:\.\d+)?) ?(?<unit>[KMGT]i?B)$/.exec(size)?.groups ?? {};
  return unit === undefined ? size : Number(number) * UNITS[unit as keyof typeof UNITS];
}
