import { connect } from 'node:net';

/** Keeps the bytes of a request until it is whole, and then sends it once more. */
export class RequestCopy {
  readonly #target: URL;
  readonly #onSent: () => void;
  #bytes = Buffer.alloc(0);

  constructor(target: URL, onSent: () => void) {
    this.#target = target;
    this.#onSent = onSent;
  }

  /** Itself as long as more is to come. */
  add(chunk: Buffer): RequestCopy | undefined {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return this;
    const head = this.#bytes.subarray(0, end).toString('latin1');
    const length = Number(/^content-length: *(?<length>\d+)/im.exec(head)?.groups?.['length'] ?? 0);
    if (this.#bytes.length < end + 4 + length) return this;
    this.#send(head.replace(/^connection:.*\r\n/im, ''), this.#bytes.subarray(end + 4));
    return undefined;
  }

  #send(head: string, body: Buffer): void {
    const socket = connect({ host: this.#target.hostname, port: Number(this.#target.port) });
    // The node may be killed under it.
    socket.on('error', () => {});
    socket.write(`${head}\r\nconnection: close\r\n\r\n`, 'latin1');
    socket.write(body, () => this.#onSent());
    socket.resume();
  }
}
