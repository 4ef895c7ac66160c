import { serveEncoder } from '../encoder-thread.ts';
import { startBackend } from './backend.ts';
import { loadGraph } from './graph.ts';
import type { TfjsData } from './tfjs.ts';

await serveEncoder(async ({ path, spec, device, backend }: TfjsData) => {
  const started = await startBackend(backend, device);
  try {
    return await loadGraph(path, spec, started);
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
});
