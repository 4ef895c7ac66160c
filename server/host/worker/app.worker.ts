/** The process that runs an app's functions. Its node starts it with the path of the module, and speaks over the channel. */
import { Worker } from 'node:worker_threads';
import { packError } from '../../../core/thread/packed-error.ts';
import type { AppDefinition } from '../../../shard/app/definition.ts';
import type { Chunks } from '../../../shard/wire/chunks.ts';
import { countBuffersWithHeap } from '../../buffer-memory.ts';
import type { PackedPiece, Piece, ToWorker } from '../messages.ts';
import { Asks } from './asks.ts';
import { openNodeChannel } from './channel.ts';
import { redirectConsole } from './console.ts';
import { loadApp } from './load.ts';
import { tellMemory } from './memory.ts';
import { resolveFrom } from './resolve.ts';
import { Runner } from './runner.ts';
import { ownStack } from './stack.ts';
import { type Unit, unitsOf } from './unit.ts';
import { unpackPiece } from './unpack.ts';

countBuffersWithHeap();
/** Milliseconds that handlers may take to end before their state is put away. */
const END_MS = 5_000;

let receive: (message: ToWorker, bytes: Chunks) => void = () => {};
let runner: Runner | undefined;
const nodeChannel = openNodeChannel({
  onMessage: (message, bytes) => receive(message, bytes),
  onRoom: () => runner?.proceed(),
  // Without its node nobody wants what it does.
  onEnd: () => process.exit(),
});
// Ctrl-C in a terminal goes to the node and to its children; the node lets running batches finish.
process.on('SIGINT', () => {});
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
new Worker(new URL(`./watch.worker${extension}`, import.meta.url), { workerData: { parent: process.ppid } }).unref();
redirectConsole(nodeChannel);
tellMemory(nodeChannel);

const [, , path, packages] = process.argv;
// A bundle is somewhere else than what it imports.
if (packages !== undefined) resolveFrom(path!, packages);
try {
  const { definition: app, exported } = await loadApp(path!);
  serve(app);
  const functions = Array.from(app.functions.values(), ({ name, workers, generator, options }) => ({
    name,
    workers,
    generator,
    options,
    ...(exported.has(name) && { exported: exported.get(name)! }),
  }));
  nodeChannel.send({ type: 'ready', app: { name: app.name, functions } });
} catch (error) {
  nodeChannel.send({ type: 'failed', error: ownStack(packError(error)) });
}

async function enter(unit: Unit): Promise<void> {
  try {
    await unit.enter();
    nodeChannel.send({ type: 'entered' });
  } catch (error) {
    nodeChannel.send({ type: 'failed', error: ownStack(packError(error)) });
  }
}

async function end(unit: Unit | undefined): Promise<void> {
  if (unit?.exits) {
    // Handlers that still run have that state.
    nodeChannel.send({ type: 'exiting' });
    await runner?.end(END_MS);
    nodeChannel.send({ type: 'exiting' });
    await unit.exit().catch((error: unknown) => {
      const { stack, message } = ownStack(packError(error));
      const text = `The state could not be put away: ${stack ?? message}`;
      nodeChannel.send({ type: 'log', entry: { level: 'error', message: text } });
    });
  }
  // With the channel the process ends, after all that was said.
  nodeChannel.end();
}

function serve(app: AppDefinition): void {
  const asks = new Asks(nodeChannel);
  const units = unitsOf(app);
  let unit: Unit | undefined;
  receive = (message, bytes) => {
    switch (message.type) {
      case 'enter':
        unit = units.get(message.workers)!;
        runner = new Runner(unit, nodeChannel, asks);
        void enter(unit);
        break;
      case 'end':
        void end(unit);
        break;
      case 'run':
        run(message.piece, bytes);
        break;
      case 'hold':
        runner?.hold(message.piece, message.full);
        break;
      case 'taken':
        runner?.taken(message.piece, message.count);
        break;
      case 'abort':
        runner?.abort(message.piece);
        break;
      case 'answer':
        asks.answered(message.id, message.value);
        break;
      case 'refusal':
        asks.refused(message.id, message.error);
        break;
    }
  };
}

function run(packed: PackedPiece, bytes: Chunks): void {
  let piece: Piece;
  try {
    piece = unpackPiece(packed, bytes);
  } catch (error) {
    const { message } = packError(error);
    return nodeChannel.send({ type: 'unreadable', piece: packed.id, message });
  }
  runner?.run(piece);
}
