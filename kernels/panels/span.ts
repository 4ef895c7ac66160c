import type { Panels, Span } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { requireShape, spanOf } from '../launch/matrix.ts';
import { panelsBytes, requirePanelShape } from './layout.ts';

/** The bytes of panels. Throws `INPUT_INVALID` where their buffer does not hold them, or scales are not one a row. */
export function spanOfPanels(name: string, { buffer, offset = 0, type, rows, dims, scales }: Panels): Span {
  requirePanelShape(type, dims);
  const size = panelsBytes(type, dims, rows);
  const whole = [rows, offset].every((value) => Number.isInteger(value) && value >= 0);
  if (!whole || offset % 256 !== 0 || offset + size > buffer.size) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected ${name} to be panels of whole rows from a multiple of 256 bytes within its buffer of ${buffer.size}; got ${rows} rows of ${dims} ${type} (${size} bytes) from ${offset}.`,
    );
  }
  if (scales !== undefined) requireShape(`scales of ${name}`, scales, rows, 1);
  return { buffer, offset, size };
}

/** The bytes of the scales of panels. Throws `INPUT_INVALID` where there are none. */
export function spanOfScales(name: string, { type, scales }: Panels): Span {
  if (scales === undefined) {
    throw new KernelError('INPUT_INVALID', `Expected ${name} of type ${type} to have scales, one a row; got none.`);
  }
  return spanOf(`scales of ${name}`, scales);
}
