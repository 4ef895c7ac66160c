import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';
import { ByteQueue, type Chunks } from '../../shard/wire/chunks.ts';

/** Number of the file that a process of an app finds its end of the pipe at. */
export const NODE_PIPE = 3;

/** Two u32: the bytes of the message, and those of what comes with it. */
const HEADER_BYTES = 8;

/** Messages, each with some bytes that are handed on as they are, over a stream between two processes of this machine. */
export class Pipe<Sent, Received> {
  readonly #stream: Duplex;

  /** Bytes of a message that `receive` is given are views of what was read. */
  constructor(stream: Duplex, receive: (message: Received, bytes: Chunks) => void) {
    this.#stream = stream;
    const queue = new ByteQueue();
    let header: { readonly message: number; readonly bytes: number } | undefined;
    stream.on('data', (chunk: Buffer<ArrayBuffer>) => {
      queue.push(chunk);
      for (;;) {
        if (header === undefined) {
          if (queue.length < HEADER_BYTES) return;
          const [message, bytes] = words(queue.take(HEADER_BYTES).joined());
          header = { message, bytes };
        }
        const { message, bytes } = header;
        if (queue.length < message + bytes) return;
        header = undefined;
        receive(deserialize(queue.take(message).joined()) as Received, queue.take(bytes));
      }
    });
    // A broken stream also closes, which is what its owner listens to.
    stream.on('error', () => {});
  }

  /** Bytes that the other side has not yet read, beyond what the system holds. */
  get backlog(): number {
    return this.#stream.writableLength;
  }

  /** Throws if the message can't be cloned. What is sent to a side that is gone is dropped. */
  send(message: Sent, parts: readonly Uint8Array[] = []): void {
    const body = serialize(message);
    if (!this.#stream.writable) return;
    const header = new Uint8Array(HEADER_BYTES);
    const view = new DataView(header.buffer);
    view.setUint32(0, body.length, true);
    view.setUint32(
      4,
      parts.reduce((sum, part) => sum + part.length, 0),
      true,
    );
    // At once, and in one call of the system: a handler may end this process next.
    this.#stream.cork();
    this.#stream.write(header);
    this.#stream.write(body);
    for (const part of parts) this.#stream.write(part);
    this.#stream.uncork();
  }

  end(): void {
    this.#stream.end();
  }
}

function words(bytes: Uint8Array<ArrayBuffer>): [number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [view.getUint32(0, true), view.getUint32(4, true)];
}
