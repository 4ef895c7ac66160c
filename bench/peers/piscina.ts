/** piscina: a pool of worker threads. A batch is one task, and its numbers are moved to the thread and back. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { MapPeer } from '../map/peer.ts';
import { mapInBatches } from '../map/pipeline.ts';
import { peakMiB } from '../map/process.ts';
import { importPeer } from './import.ts';
import { vectorsOf } from './vectors.ts';

/** The part of the library that is used; its own types are there only once it is installed. */
interface Library {
  readonly Piscina: new (options: {
    readonly filename: string;
    readonly minThreads: number;
    readonly maxThreads: number;
    readonly concurrentTasksPerWorker: number;
  }) => Pool;
}

interface Pool {
  run(
    task: unknown,
    options: { readonly name: string; readonly transferList?: readonly ArrayBuffer[] },
  ): Promise<unknown>;
  destroy(): Promise<void>;
}

/** Throws `PeerMissing` where `npm run bench:peers` has not been run. */
export async function openPiscina(): Promise<MapPeer> {
  const { library, version } = await importPeer<Library>('piscina');
  const threads = availableParallelism();
  const pool = new library.Piscina({
    filename: fileURLToPath(new URL('piscina.worker.ts', import.meta.url)),
    minThreads: threads,
    maxThreads: threads,
    // One runs and one waits in the thread, so that it need not ask for the next.
    concurrentTasksPerWorker: 2,
  });
  return {
    name: `piscina ${version}`,
    sizes: { echo: [1, 256, 4096, 16_384, 65_536], vector: [1, 16, 64, 256, 1024] },
    async run(name, count, size) {
      await mapInBatches({ count, size, ahead: size === 1 ? 64 * threads : 4 * threads }, async (batch) => {
        if (size === 1) return [await pool.run(batch[0], { name: `${name}One` })];
        const inputs = Float64Array.from(batch);
        const outputs = await pool.run(inputs, { name, transferList: [inputs.buffer] });
        return name === 'echo' ? (outputs as Float64Array) : vectorsOf(outputs as Float32Array);
      });
    },
    clientPeakMiB: peakMiB,
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}
