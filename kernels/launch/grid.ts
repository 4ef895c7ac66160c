import { KernelError } from '../errors.ts';

/** What every device allows in one dimension of a dispatch. */
const MAX_WORKGROUPS = 65_535;

/**
 * Spreads workgroups over x and y where x alone is too short; z is taken as it is. The shader finds its number as
 * `workgroup_id.x + workgroup_id.y * num_workgroups.x` and must leave those past the last alone.
 */
export function grid(workgroups: number, z = 1): readonly [x: number, y: number, z: number] {
  const y = Math.ceil(workgroups / MAX_WORKGROUPS);
  const x = Math.ceil(workgroups / y);
  if (y > MAX_WORKGROUPS || z > MAX_WORKGROUPS) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected at most ${MAX_WORKGROUPS ** 2} × ${MAX_WORKGROUPS} workgroups; got ${workgroups} × ${z}. Use smaller batches.`,
    );
  }
  return [x, y, z];
}
