import { decodeBlock } from './block.ts';
import { type BlockBounds, readBlock } from './block-reader.ts';
import type { Chunks } from './chunks.ts';
import { FrameDecoder, type FrameDecoderOptions, type RawFrame } from './decoder.ts';
import { FrameType } from './frame.ts';
import { invalid } from './limits.ts';
import type { Message } from './message.ts';
import { Reader } from './reader.ts';
import { parseEnd, parseFailure, parseHead, parseRemoteError } from './schema.ts';
import { Allowance } from './scan.ts';
import { unpackValue } from './values.ts';

/** The messages in a stream of bytes, as they arrive. Throws `FRAME_INVALID`, also if it ends inside a frame. */
export async function* decodeMessages(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: FrameDecoderOptions = {},
): AsyncGenerator<Message, void, undefined> {
  const decoder = new FrameDecoder(options);
  // One for all frames, since the reader of a request holds what all of them say.
  const bounds = { allowance: new Allowance() };
  for await (const chunk of chunks) {
    for (const frame of decoder.push(chunk)) yield parseFrame(frame, bounds);
  }
  decoder.end();
}

/** What one frame says. Throws `FRAME_INVALID`. */
export function parseFrame({ type, payload }: RawFrame, bounds: BlockBounds = {}): Message {
  switch (type) {
    case FrameType.head:
      return { type: 'head', head: parseHead(readMap(payload)) };
    case FrameType.inputs: {
      return { type: 'inputs', values: decodeBlock({ bytes: payload }, bounds) };
    }
    case FrameType.outputs: {
      const reader = new Reader(payload.joined());
      const first = reader.word('the index of outputs');
      const values = readBlock(reader, bounds);
      reader.end('an outputs frame');
      return { type: 'outputs', first, values };
    }
    case FrameType.failure:
      return { type: 'failure', ...parseFailure(readMap(payload)) };
    case FrameType.end:
      return { type: 'end', end: parseEnd(readMap(payload)) };
    case FrameType.error:
      return { type: 'error', error: parseRemoteError(readMap(payload)) };
    case FrameType.beat:
      if (payload.length > 0) throw invalid('A beat has a payload; expected none');
      return { type: 'beat' };
  }
}

function readMap(payload: Chunks): unknown {
  const { value, length } = unpackValue(payload.joined());
  if (length !== payload.length) throw invalid('Bytes are left over after a MessagePack map');
  return value;
}
