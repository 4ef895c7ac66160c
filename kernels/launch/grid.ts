import { KernelError } from '../errors.ts';

/**
 * Spreads workgroups over x and y where x alone, which counts to `limit`, is too short; z is taken as it is. The shader
 * finds its number as `workgroup_id.x + workgroup_id.y * num_workgroups.x` and must leave those past the last alone.
 */
export function spread(workgroups: number, z: number, limit: number): readonly [x: number, y: number, z: number] {
  const y = Math.ceil(workgroups / limit);
  const x = Math.ceil(workgroups / y);
  if (y > limit || z > limit) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected at most ${limit ** 2} × ${limit} workgroups; got ${workgroups} × ${z}. Use smaller batches.`,
    );
  }
  return [x, y, z];
}
