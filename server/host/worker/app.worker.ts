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
import { type Unit, unitsOf } from './unit.ts';

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
  const functions = Array.from(app.functions.values(), ({ name, workers, options }) => ({ name, workers, options }));
  nodeChannel.send({ type: 'ready', app: { name: app.name, functions } });
} catch (error) {
  nodeChannel.send({ type: 'failed', error: packError(error) });
}

async function enter(unit: Unit): Promise<void> {
  try {
    await unit.enter();
    nodeChannel.send({ type: 'entered' });
  } catch (error) {
    nodeChannel.send({ type: 'failed', error: packError(error) });
  }
}

async function end(unit: Unit | undefined): Promise<void> {
  if (unit?.exits) {
    nodeChannel.send({ type: 'exiting' });
    await unit.exit().catch((error: unknown) => {
      const { stack, message } = packError(error);
      const text = `The state could not be put away: ${stack ?? message}`;
      nodeChannel.send({ type: 'log', entry: { level: 'error', message: text } });
    });
  }
  // With the channel the process ends, so all that was said is sent first.
  if (process.connected) process.send!({ type: 'ended' }, undefined, undefined, () => process.disconnect());
}

function serve(app: AppDefinition): void {
  const embeddings = new Embeddings(nodeChannel);
  const units = unitsOf(app);
  let unit: Unit | undefined;
  let runner: Runner | undefined;
  process.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'enter':
        unit = units.get(message.workers)!;
        runner = new Runner(unit, nodeChannel, embeddings);
        void enter(unit);
        break;
      case 'end':
        void end(unit);
        break;
      case 'run':
        runner?.run(message.piece);
        break;
      case 'abort':
        runner?.abort(message.piece);
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
