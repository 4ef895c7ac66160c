import { decodeMessages } from '../../shard/wire/decode.ts';
import { encodeBeat, encodeEnd, encodeError, encodeFailure, encodeOutputs } from '../../shard/wire/encode.ts';
import { MEDIA_TYPE } from '../../shard/wire/frame.ts';
import type { BatchHead, Message } from '../../shard/wire/message.ts';
import { ShardError } from '../../shard/errors.ts';
import { readBody } from './body.ts';
import { checkCount } from './count.ts';
import type { Form } from './form.ts';
import { Pace } from './pace.ts';

/** The binary form. One for each answer, since it learns how many outputs make a piece. */
export function frames(): Form {
  const pace = new Pace();
  return {
    requestType: MEDIA_TYPE,
    responseType: MEDIA_TYPE,
    async read(request, limits, take) {
      let head: BatchHead | undefined;
      const inputs: unknown[] = [];
      let blocks = 0;
      const body = readBody(request, limits.bodyBytes, take);
      const decoding = { maxFrameBytes: limits.frameBytes, maxValues: limits.batchInputs };
      for await (const message of decodeMessages(body, decoding)) {
        if (!head) {
          head = headOf(message);
          checkCount(head.count, limits);
          continue;
        }
        for (const input of inputsOf(message)) inputs.push(input);
        blocks++;
        if (inputs.length > head.count) throw miscounted(head, `${inputs.length} or more`);
      }
      if (!head) throw invalid('The body is empty; expected a head frame and inputs frames');
      if (inputs.length !== head.count) throw miscounted(head, String(inputs.length));
      if (blocks === 0) throw invalid('The body has no inputs frame; expected one or more');
      return { head, inputs };
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
    failure: encodeFailure,
    end: encodeEnd,
    error: encodeError,
    beat: encodeBeat,
  };
}

function headOf(message: Message): BatchHead {
  if (message.type === 'head') return message.head;
  throw invalid(`Expected a head frame first, got ${message.type}`);
}

function inputsOf(message: Message): readonly unknown[] {
  if (message.type === 'inputs') return message.values;
  throw invalid(`Expected an inputs frame after the head, got ${message.type}`);
}

function miscounted(head: BatchHead, got: string): ShardError {
  return invalid(`The head announces ${head.count} inputs, but the frames hold ${got}`);
}

function invalid(message: string): ShardError {
  return new ShardError('FRAME_INVALID', message);
}
