import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../../shard/contract.ts';
import type { Direction, Fault } from './contract.ts';
import { RequestCopy } from './request-copy.ts';

export interface ConnectionOptions {
  readonly target: URL;
  readonly clock: Clock;
  /** The fault that shall befall the request that begins so, if any, and whom to tell when it has. */
  readonly next: (line: string) => Affliction | undefined;
  readonly onClosed: () => void;
}

export interface Affliction {
  readonly fault: Fault;
  readonly befell: () => void;
}

/** One connection of a client, carried to the node and back. */
export class Connection {
  readonly #client: Socket;
  readonly #node: Socket;
  readonly #options: ConnectionOptions;
  readonly #closed = new AbortController();
  /** What befalls the request that is under way. */
  #affliction: Affliction | undefined;
  #copy: RequestCopy | undefined;
  #bytes = { request: 0, answer: 0 };
  #stopped = false;

  constructor(client: Socket, options: ConnectionOptions) {
    this.#client = client;
    this.#options = options;
    this.#node = connect({
      host: options.target.hostname,
      port: Number(options.target.port),
      allowHalfOpen: true,
      noDelay: true,
    });
    void this.#live();
  }

  /** Resets both ends. */
  reset(): void {
    this.#closed.abort();
    for (const socket of [this.#client, this.#node]) {
      // The system refuses to reset a socket whose end is on its way, and Node would never close it.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  async #live(): Promise<void> {
    await Promise.all([
      this.#carry('request', this.#client, this.#node),
      this.#carry('answer', this.#node, this.#client),
    ]);
    this.#closed.abort();
    this.#options.onClosed();
  }

  async #carry(direction: Direction, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (direction === 'request') this.#look(chunk);
        await this.#pass(direction, chunk, to);
      }
      to.end();
    } catch {
      // Whatever broke one end, the other shall hear of it.
      this.reset();
    }
  }

  /** Clients wait for an answer before they send the next request, so one begins at the beginning of a chunk. */
  #look(chunk: Buffer): void {
    const line = /^(?:GET|POST|DELETE) \/[^ ]*/.exec(chunk.subarray(0, 64).toString('latin1'))?.[0];
    if (line === undefined) return;
    this.#bytes = { request: 0, answer: 0 };
    this.#affliction = this.#options.next(line);
    if (this.#affliction?.fault.kind === 'duplicate') {
      this.#copy = new RequestCopy(this.#options.target, this.#affliction.befell);
    }
  }

  async #pass(direction: Direction, chunk: Buffer, to: Socket): Promise<void> {
    const { fault, befell } = this.#affliction ?? {};
    const before = this.#bytes[direction];
    this.#bytes[direction] += chunk.length;
    if (direction === 'request') this.#copy = this.#copy?.add(chunk);
    if (fault?.kind === 'garble' && direction === 'answer') return this.#write(this.#garbled(chunk), to);
    if (fault === undefined || !('direction' in fault) || fault.direction !== direction) {
      return this.#write(chunk, to);
    }
    switch (fault.kind) {
      case 'delay':
      case 'throttle':
        befell?.();
        await this.#sleep(fault.kind === 'delay' ? fault.milliseconds : (chunk.length / fault.bytesPerSecond) * 1000);
        return this.#write(chunk, to);
      case 'cut':
      case 'reset':
      case 'stall':
        if (this.#bytes[direction] <= fault.after) return this.#write(chunk, to);
        await this.#write(chunk.subarray(0, fault.after - before), to);
        this.#stop(fault.kind);
        befell?.();
        return;
    }
  }

  #garbled(chunk: Buffer): Buffer {
    const frame = chunk.indexOf(FRAME);
    if (frame < 0) return chunk;
    this.#affliction?.befell();
    return Buffer.from(chunk).fill('?', frame, frame + FRAME.length);
  }

  #stop(kind: 'cut' | 'reset' | 'stall'): void {
    // What comes later goes nowhere.
    this.#stopped = true;
    if (kind === 'reset') return this.reset();
    if (kind === 'stall') return;
    this.#client.destroySoon();
    this.#node.destroySoon();
  }

  async #write(chunk: Buffer, to: Socket): Promise<void> {
    if (this.#stopped || chunk.length === 0) return;
    if (!to.write(chunk)) await once(to, 'drain', { signal: this.#closed.signal });
  }

  async #sleep(milliseconds: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { signal } = this.#closed;
    const onClosed = (): void => reject(new Error('The connection was closed'));
    const cancel = this.#options.clock.after(milliseconds, resolve);
    signal.addEventListener('abort', onClosed);
    try {
      await promise;
    } finally {
      cancel();
      signal.removeEventListener('abort', onClosed);
    }
  }
}

/** How a frame begins: its mark, and version 1. */
const FRAME = Buffer.from('WM\u0001');
