import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Apps } from '../../../sdk/deploy/apps.ts';
import { connect } from '../../../sdk/connect.ts';
import type { Connection } from '../../../sdk/connection.ts';
import { startServer, type Server, type ServerOptions } from '../../../server/server.ts';
import { MemoryEngine } from '../fixtures/engine.ts';
import { Journal } from '../host/harness.ts';

export const TOKEN = 'token-of-the-tests';

/** A directory with the sources of an app, and nothing of this repository but what it may import. */
export class Sources implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(): Promise<Sources> {
    const sources = new Sources(await mkdtemp(join(tmpdir(), 'warpmap-sources-')));
    await sources.write('package.json', '{"name": "an-app", "type": "module"}');
    await mkdir(join(sources.directory, 'node_modules'));
    return sources;
  }

  /** Writes a file, and gives its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  /** Makes a package of this repository one of the app's. */
  async link(name: string): Promise<void> {
    const from = join(import.meta.dirname, '../../../node_modules', name);
    const to = join(this.directory, 'node_modules', name);
    await mkdir(dirname(to), { recursive: true });
    await symlink(from, to);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}

export interface AppNode extends AsyncDisposable {
  readonly server: Server;
  readonly url: string;
  readonly journal: Journal;
  readonly apps: Apps;
  readonly warp: Connection;
  /** Ends it, and keeps its data. */
  stop(): Promise<void>;
}

/** A node, what asks it about apps, and a connection to it. With `data` it has that of others. */
export async function startAppNode({ data, ...options }: Partial<ServerOptions> = {}): Promise<AppNode> {
  const journal = new Journal();
  const directory = data ?? (await mkdtemp(join(tmpdir(), 'warpmap-apps-')));
  const engine = new MemoryEngine();
  const server = await startServer({ engine, data: directory, token: TOKEN, log: journal.log, ...options });
  const apps = await Apps.open({ nodes: [server.url], token: TOKEN });
  const warp = await connect({ nodes: [server.url], token: TOKEN });
  const stop = async (): Promise<void> => {
    await warp[Symbol.asyncDispose]();
    await apps[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  };
  return {
    server,
    url: server.url,
    journal,
    apps,
    warp,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      if (data === undefined) await rm(directory, { recursive: true });
    },
  };
}

/** An app with a function `which`, which tells a text that is in the source. */
export function telling(text: string, { name = 'telling', more = '' } = {}): string {
  return `
    import { App } from 'warpmap';
    export const app = new App('${name}');
    export const which = app.function('which', (input: number) => \`${text} \${input}\`);
    ${more}
  `;
}
