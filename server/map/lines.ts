import { randomUUID } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import {
  JSON_MEDIA_TYPE,
  jsonEnd,
  jsonError,
  jsonFailure,
  jsonOutput,
  LINES_MEDIA_TYPE,
  parseJsonRequest,
} from '../../shard/wire/json.ts';
import { ShardError } from '../../shard/errors.ts';
import { decodeBlock } from '../../shard/wire/block.ts';
import { readBody } from './body.ts';
import { checkCount } from './count.ts';
import type { Form } from './form.ts';
import { plainInputs } from './inputs.ts';
import { Pace } from './pace.ts';

/** The JSON form: an object in, a line for each output back. One for each answer, as `frames`. */
export function lines(): Form {
  const pace = new Pace();
  return {
    requestType: JSON_MEDIA_TYPE,
    responseType: LINES_MEDIA_TYPE,
    async read(request, limits, take) {
      const chunks: Buffer[] = [];
      for await (const chunk of readBody(request, limits.jsonBytes, take)) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      if (!isUtf8(bytes)) throw new ShardError('FRAME_INVALID', 'The body is not UTF-8');
      const call = randomUUID();
      const { head, inputs } = parseJsonRequest(bytes.toString('utf8'), { call });
      checkCount(inputs.length, limits);
      return { head, inputs: plainInputs(inputs), anonymous: head.call === call };
    },
    outputs(first, outputs) {
      if (outputs.kind === 'values') return valueLines(pace, first, outputs.values);
      const { count, dims, data } = outputs.vectors;
      return pace.pieces(count, (from, to) => {
        let text = '';
        for (let row = from; row < to; row++) {
          text += jsonOutput(first + row, data.subarray(row * dims, (row + 1) * dims));
        }
        return text;
      });
    },
    encoded: (first, block) => valueLines(pace, first, decodeBlock(block)),
    failure: jsonFailure,
    end: jsonEnd,
    error: jsonError,
    beat: () => undefined,
  };
}

function valueLines(pace: Pace, first: number, values: readonly unknown[]): Iterable<string> {
  return pace.pieces(values.length, (from, to) =>
    values.slice(from, to).reduce<string>((text, value, at) => text + jsonOutput(first + from + at, value), ''),
  );
}
