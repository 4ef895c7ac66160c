import { CoreError } from '../../../core/errors.ts';
import type { GpuNeed, SettledOptions } from '../../../shard/app/definition.ts';
import { Pool, type PoolOptions } from '../pool.ts';
import { isCpu, told, toldOf } from './fits.ts';
import type { Shelf } from './shelf.ts';

/**
 * The workers of a function, with what it asks for of this node's GPUs. Of its list the first that the node has; those
 * after it are for inputs that need more memory, one after the other.
 */
export function poolOf(options: PoolOptions & { readonly settings: SettledOptions }, shelf: Shelf): Pool {
  const { gpu: requests } = options.settings;
  if (requests.length === 0) return new Pool(options);
  const met = requests.filter((request) => isCpu(request) || shelf.has(request));
  const [first, ...others] = met;
  // Where nobody is sent to at first, nobody need be there before.
  const rare = { ...options.settings, minWorkers: 0, bufferWorkers: 0 };
  if (first === undefined) {
    return new Pool({ ...options, settings: rare, refusal: refusalOf(options.function, requests, shelf) });
  }
  let next: Pool | undefined;
  for (const request of others.toReversed())
    next = new Pool({ ...options, settings: rare, next, ...on(request, shelf) });
  return new Pool({ ...options, next, ...on(first, shelf) });
}

function on(request: GpuNeed, shelf: Shelf): Pick<PoolOptions, 'gpus'> {
  return isCpu(request) ? {} : { gpus: { shelf, request } };
}

function refusalOf(name: string, requests: readonly GpuNeed[], { gpus }: Shelf): CoreError {
  const wanted = requests.map(told).join(', or ');
  return new CoreError('DEVICE_NOT_FOUND', `${name} needs a GPU: ${wanted}. This node has ${toldOf(gpus)}`);
}
