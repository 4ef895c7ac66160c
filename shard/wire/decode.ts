import { readBlock } from './block-reader.ts';
import { FrameDecoder, type FrameDecoderOptions, type RawFrame } from './decoder.ts';
import { FrameType } from './frame.ts';
import { invalid } from './limits.ts';
import type { Message } from './message.ts';
import { Reader } from './reader.ts';
import { parseEnd, parseFailure, parseHead, parseRemoteError } from './schema.ts';
import { unpackValue } from './values.ts';

/** The messages in a stream of bytes, as they arrive. Throws `FRAME_INVALID`, also if it ends inside a frame. */
export async function* decodeMessages(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options?: FrameDecoderOptions,
): AsyncGenerator<Message, void, undefined> {
  const decoder = new FrameDecoder(options);
  for await (const chunk of chunks) {
    for (const frame of decoder.push(chunk)) yield parseFrame(frame);
  }
  decoder.end();
}

/** What one frame says. Throws `FRAME_INVALID`. */
export function parseFrame({ type, payload }: RawFrame): Message {
  switch (type) {
    case FrameType.head:
      return { type: 'head', head: parseHead(readMap(payload)) };
    case FrameType.inputs: {
      const reader = new Reader(payload);
      const values = readBlock(reader);
      reader.end('an inputs frame');
      return { type: 'inputs', values };
    }
    case FrameType.outputs: {
      const reader = new Reader(payload);
      const first = reader.word('the index of outputs');
      const values = readBlock(reader);
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

function readMap(payload: Uint8Array<ArrayBuffer>): unknown {
  const { value, length } = unpackValue(payload);
  if (length !== payload.length) throw invalid('Bytes are left over after a MessagePack map');
  return value;
}
