/** The process that runs an app's functions. Its node starts it with the path of the module, and speaks over the channel. */
import { Worker } from 'node:worker_threads';
import { packError } from '../../../core/thread/packed-error.ts';
import type { AppDefinition } from '../../../shard/app/definition.ts';
import type { ToWorker } from '../messages.ts';
import { nodeChannel } from './channel.ts';
import { redirectConsole } from './console.ts';
import { Embeddings } from './embeddings.ts';
import { loadApp } from './load.ts';
import { tellMemory } from './memory.ts';
import { Runner } from './runner.ts';

// Without its node nobody wants what it does.
process.once('disconnect', () => process.exit());
// Ctrl-C in a terminal goes to the node and to its children; the node lets running batches finish.
process.on('SIGINT', () => {});
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
new Worker(new URL(`./watch.worker${extension}`, import.meta.url), { workerData: { parent: process.ppid } }).unref();
redirectConsole(nodeChannel);
tellMemory(nodeChannel);

const [, , path] = process.argv;
try {
  const app = await loadApp(path!);
  serve(app);
  const functions = Array.from(app.functions.values(), ({ name, options }) => ({ name, options }));
  nodeChannel.send({ type: 'ready', app: { name: app.name, functions } });
} catch (error) {
  nodeChannel.send({ type: 'failed', error: packError(error) });
}

function serve(app: AppDefinition): void {
  const embeddings = new Embeddings(nodeChannel);
  const runners = new Map(
    Array.from(app.functions, ([name, definition]) => [name, new Runner(definition, nodeChannel, embeddings)]),
  );
  process.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'run':
        runners.get(message.piece.function)!.run(message.piece);
        break;
      case 'abort':
        for (const runner of runners.values()) runner.abort(message.piece);
        break;
      case 'vectors':
        embeddings.answer(message.id, message.vectors);
        break;
      case 'no-vectors':
        embeddings.answer(message.id, { error: message.error });
        break;
    }
  });
}
