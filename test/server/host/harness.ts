import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtIns } from '../../../core/functions/registry.ts';
import { connect } from '../../../sdk/connect.ts';
import type { Connection } from '../../../sdk/connection.ts';
import { AppHost, type AppHostOptions } from '../../../server/host/app-host.ts';
import { createLog } from '../../../server/log.ts';
import { type Server, startServer } from '../../../server/server.ts';
import type { HostVolumes } from '../../../server/host/volumes.ts';
import { MemoryEngine } from '../fixtures/engine.ts';

export const tricksPath: string = appPath('tricks');

export function appPath(name: string): string {
  return fileURLToPath(new URL(`./apps/${name}.ts`, import.meta.url));
}

export type Entry = Readonly<Record<string, unknown>>;

/** The log of a node, entry by entry. */
export class Journal {
  readonly entries: Entry[] = [];
  readonly log = createLog({ destination: { write: (line) => this.#write(line) } });
  #waiting: (() => void)[] = [];

  /** The first entry that fits, now or later. */
  async first(fits: (entry: Entry) => boolean): Promise<Entry> {
    for (;;) {
      const found = this.entries.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  says(message: string): Promise<Entry> {
    return this.first(({ msg }) => msg === message);
  }

  #write(line: string): void {
    this.entries.push(JSON.parse(line) as Entry);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export interface House extends AsyncDisposable {
  readonly warp: Connection;
  readonly host: AppHost;
  readonly url: string;
  readonly journal: Journal;
}

export interface HouseOptions extends Partial<Omit<AppHostOptions, 'log'>> {
  /** Path of its app. Default: that of tricks.ts. */
  readonly app?: string;
}

/** A node in this process that has the functions of an app, and a connection to it. */
export async function openHouse({ app = tricksPath, ...options }: HouseOptions = {}): Promise<House> {
  const journal = new Journal();
  const { log } = journal;
  const serving = Promise.withResolvers<Server>();
  const volumes = async (): Promise<HostVolumes> => (await serving.promise).volumes;
  const host = await AppHost.open(app, { log, volumes, ...options });
  const engine = new MemoryEngine();
  const data = await mkdtemp(join(tmpdir(), 'warpmap-house-'));
  const server = await startServer({ engine, functions: [...builtIns, ...host.functions], log, data });
  serving.resolve(server);
  const warp = await connect({ nodes: [server.url] });
  return {
    warp,
    host,
    url: server.url,
    journal,
    async [Symbol.asyncDispose]() {
      await warp[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
      await rm(data, { recursive: true });
    },
  };
}
