import { type EngineOptions, openEngine } from '../core/open.ts';
import { Connection } from '../sdk/connection.ts';
import { EngineNode } from './engine-node.ts';

/**
 * Opens an engine in this process, behind the same interface as `connect`: no server and no wire, the model and its
 * collections on the device, in threads of their own. Disposing frees all of it.
 *
 * Throws `DEVICE_NOT_FOUND`, `MODEL_NOT_FOUND` or `RUNTIME_UNAVAILABLE` with what was tried and what to do.
 */
export async function open(options: EngineOptions = {}): Promise<Connection> {
  const engine = await openEngine(options);
  return new Connection([new EngineNode(engine)], engine.model);
}
