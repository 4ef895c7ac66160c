import { Socket } from 'node:net';
import type { Chunks } from '../../../shard/wire/chunks.ts';
import type { FromWorker, ToWorker } from '../messages.ts';
import { NODE_PIPE, Pipe } from '../pipe.ts';

/** Bytes that may wait for the node to read them, before handlers are held up. */
const BACKLOG_BYTES = 1024 * 1024;

/** The way to the node. When it is cut the process ends, so what can't be sent is not missed. */
export interface Channel {
  /** Whether the node should read before it is sent more outputs; `onRoom` tells when it has. */
  readonly full: boolean;
  /** Throws if the message can't be cloned. */
  send(message: FromWorker, bytes?: Chunks): void;
}

export interface NodeChannel extends Channel {
  /** Closes it when all that was sent has been. */
  end(): void;
}

export interface NodeChannelOptions {
  readonly onMessage: (message: ToWorker, bytes: Chunks) => void;
  readonly onRoom: () => void;
  /** The node is gone. */
  readonly onEnd: () => void;
}

/** The channel that the node opened for this process. */
export function openNodeChannel({ onMessage, onRoom, onEnd }: NodeChannelOptions): NodeChannel {
  const socket = new Socket({ fd: NODE_PIPE, readable: true, writable: true });
  socket.once('close', onEnd);
  socket.once('end', onEnd);
  socket.on('drain', onRoom);
  const pipe = new Pipe<FromWorker, ToWorker>(socket, onMessage);
  return {
    get full() {
      return pipe.backlog > BACKLOG_BYTES;
    },
    send(message, bytes) {
      pipe.send(message, bytes?.parts);
    },
    end() {
      pipe.end();
    },
  };
}
