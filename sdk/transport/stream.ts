import { ShardError } from '../../shard/errors.ts';
import { encodeRequest } from '../../shard/wire/encode.ts';
import type { StreamPart, StreamStart } from '../node.ts';
import { faultOf } from './fault.ts';
import type { NodeClient } from './node-client.ts';

/** The items of one run of a generator on a node, as they come. Throws as `Lane.send` does. */
export async function* streamFrom(
  node: NodeClient,
  { call, batch, failures, input, ahead }: StreamStart,
  signal: AbortSignal,
): AsyncGenerator<StreamPart, void, undefined> {
  const { id, function: name, options } = call;
  const head = { function: name, call: id, batch, attempt: 0, count: 1, options, ...(failures > 0 && { failures }) };
  let count = 0;
  for await (const message of node.stream(encodeRequest(head, [input]), { ahead, signal })) {
    switch (message.type) {
      case 'outputs':
        if (message.first !== count) {
          throw new ShardError('LANE_FAULTY', `${node.url} sent item ${message.first} in place of item ${count}`);
        }
        count += message.values.length;
        yield { items: message.values };
        break;
      case 'failure':
        yield { error: message.error };
        break;
      case 'end':
        return;
      case 'error':
        throw faultOf(node.url, message.error);
      case 'beat':
        break;
      case 'head':
      case 'inputs':
        throw new ShardError('LANE_FAULTY', `${node.url} sent a ${message.type} frame, which only clients send`);
    }
  }
  throw new ShardError('LANE_LOST', `${node.url} closed the connection before the generator had ended`);
}
