import type { EngineOptions } from '../core/open.ts';
import type { Connection } from '../sdk/connection.ts';

/**
 * Opens an engine in this process, behind the same interface as `connect`: no server and no wire, the model and its
 * collections on the device, in threads of their own. Disposing frees all of it.
 *
 * Throws `DEVICE_NOT_FOUND`, `MODEL_NOT_FOUND` or `RUNTIME_UNAVAILABLE` with what was tried and what to do.
 */
export async function open(options: EngineOptions = {}): Promise<Connection> {
  // Not before: the workers of an app load this package too, and open no engine.
  const [{ openEngine }, { Connection: Connected }, { EngineNode }] = await Promise.all([
    import('../core/open.ts'),
    import('../sdk/connection.ts'),
    import('./engine-node.ts'),
  ]);
  const engine = await openEngine(options);
  return new Connected([new EngineNode(engine)], engine.model);
}
