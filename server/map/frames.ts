import { type Block, blockOf } from '../../shard/wire/block.ts';
import { Chunks } from '../../shard/wire/chunks.ts';
import { parseFrame } from '../../shard/wire/decode.ts';
import { FrameDecoder, type RawFrame } from '../../shard/wire/decoder.ts';
import {
  encodeBeat,
  encodeEnd,
  encodeError,
  encodeFailure,
  encodeOutputs,
  frameOutputs,
} from '../../shard/wire/encode.ts';
import { FrameType, MEDIA_TYPE } from '../../shard/wire/frame.ts';
import type { BatchHead } from '../../shard/wire/message.ts';
import { ShardError } from '../../shard/errors.ts';
import { readBody } from './body.ts';
import { checkCount } from './count.ts';
import type { Form } from './form.ts';
import { encodedInputs } from './inputs.ts';
import { Pace } from './pace.ts';

/** The binary form. One for each answer, since it learns how many outputs make a piece. */
export function frames(): Form {
  const pace = new Pace();
  return {
    requestType: MEDIA_TYPE,
    responseType: MEDIA_TYPE,
    async read(request, limits, take) {
      const decoder = new FrameDecoder({ maxFrameBytes: limits.frameBytes });
      let head: BatchHead | undefined;
      const blocks: Block[] = [];
      let count = 0;
      for await (const chunk of readBody(request, limits.bodyBytes, take)) {
        for (const frame of decoder.push(chunk)) {
          if (!head) {
            head = headOf(frame);
            checkCount(head.count, limits);
            continue;
          }
          const block = inputsOf(frame);
          blocks.push(block);
          count += block.count;
          if (count > head.count) throw miscounted(head, `${count} or more`);
        }
      }
      decoder.end();
      if (!head) throw invalid('The body is empty; expected a head frame and inputs frames');
      if (count !== head.count) throw miscounted(head, String(count));
      if (blocks.length === 0) throw invalid('The body has no inputs frame; expected one or more');
      return { head, inputs: encodedInputs(blocks) };
    },
    outputs(first, outputs) {
      if (outputs.kind === 'values') {
        return pace.pieces(outputs.values.length, (from, to) =>
          encodeOutputs(first + from, outputs.values.slice(from, to)),
        );
      }
      const { count, dims, data } = outputs.vectors;
      return pace.pieces(count, (from, to) => {
        const rows = { count: to - from, dims, data: data.subarray(from * dims, to * dims) };
        return encodeOutputs(first + from, rows);
      });
    },
    encoded: (first, block) => [new Chunks(frameOutputs(first, block))],
    failure: encodeFailure,
    end: encodeEnd,
    error: encodeError,
    beat: encodeBeat,
  };
}

function headOf(frame: RawFrame): BatchHead {
  const message = frame.type === FrameType.head ? parseFrame(frame) : undefined;
  if (message?.type === 'head') return message.head;
  throw invalid(`Expected a head frame first, got one of type ${frame.type}`);
}

function inputsOf({ type, payload }: RawFrame): Block {
  if (type === FrameType.inputs) return blockOf(payload);
  throw invalid(`Expected an inputs frame after the head, got one of type ${type}`);
}

function miscounted(head: BatchHead, got: string): ShardError {
  return invalid(`The head announces ${head.count} inputs, but the frames hold ${got}`);
}

function invalid(message: string): ShardError {
  return new ShardError('FRAME_INVALID', message);
}
