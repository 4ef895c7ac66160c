/** The eight bytes before a payload; see docs/wire.md. */

export const MEDIA_TYPE = 'application/vnd.warpmap.frames';
export const MAGIC: readonly [number, number] = [0x57, 0x4d];
export const VERSION = 1;
export const FRAME_HEADER_BYTES = 8;

export const FrameType = {
  head: 1,
  inputs: 2,
  outputs: 3,
  failure: 4,
  end: 5,
  error: 6,
  beat: 7,
} as const;
export type FrameTypeCode = (typeof FrameType)[keyof typeof FrameType];

export function isFrameType(code: number): code is FrameTypeCode {
  return code >= FrameType.head && code <= FrameType.beat;
}
