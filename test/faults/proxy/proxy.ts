import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '../../../shard/clock.ts';
import type { Clock } from '../../../shard/contract.ts';
import { type Affliction, Connection } from './connection.ts';
import type { Fault } from './contract.ts';

export interface ProxyOptions {
  readonly clock?: Clock;
  /** Method and path of the requests that faults befall. Default: batches of maps. */
  readonly afflicted?: RegExp;
}

const MAPS = /^POST \/v1\/map$/;

/** Stands between clients and a node, and passes on what each sends, but for the faults that it is told to commit. */
export class Proxy implements AsyncDisposable {
  readonly url: string;
  /** Where new connections go. */
  target: string;
  /** Whether new connections are let in; else they are reset at once. */
  open = true;
  /** How often each kind of fault was committed. */
  readonly committed: Partial<Record<Fault['kind'], number>> = {};
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #afflicted: RegExp;
  readonly #connections = new Set<Connection>();
  #planned: Affliction[] = [];
  /** Connections that wait to be let in. */
  #waiting: Socket[] | undefined;

  private constructor(server: Server, target: string, { clock = systemClock, afflicted = MAPS }: ProxyOptions) {
    this.#server = server;
    this.target = target;
    this.#clock = clock;
    this.#afflicted = afflicted;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => this.#accept(socket));
  }

  static async start(target: string, options: ProxyOptions = {}): Promise<Proxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Proxy(server, target, options);
  }

  /** Connections that live. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Befalls the next of the `afflicted` requests that no other fault is planned for; resolves when it has. */
  async afflict(fault: Fault): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let befallen = false;
    const befell = (): void => {
      if (befallen) return;
      befallen = true;
      this.committed[fault.kind] = (this.committed[fault.kind] ?? 0) + 1;
      resolve();
    };
    this.#planned.push({ fault, befell });
    await promise;
  }

  /** Plans nothing more. */
  forgive(): void {
    this.#planned = [];
  }

  /** New connections wait from now on, as for a node that is about to come back. */
  hold(): void {
    this.#waiting ??= [];
  }

  /** Lets those in that wait. */
  release(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const socket of waiting) this.#accept(socket);
  }

  /** Resets every connection that lives. */
  reset(): void {
    for (const connection of this.#connections) connection.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.open = false;
    this.release();
    this.reset();
    await closed;
  }

  #accept(socket: Socket): void {
    if (!this.open) {
      socket.resetAndDestroy();
      return;
    }
    if (this.#waiting) {
      // Who is tired of waiting leaves.
      socket.on('error', () => {});
      this.#waiting.push(socket);
      return;
    }
    const connection: Connection = new Connection(socket, {
      target: new URL(this.target),
      clock: this.#clock,
      next: (line) => (this.#afflicted.test(line) ? this.#planned.shift() : undefined),
      onClosed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}
