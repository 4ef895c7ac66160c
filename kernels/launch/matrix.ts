import type { Matrix, Span } from '../contract.ts';
import { KernelError } from '../errors.ts';

/** The bytes of a matrix. Throws `INPUT_INVALID` where its buffer does not hold them. */
export function spanOf(name: string, matrix: Matrix): Span {
  const { buffer, offset = 0, rows, columns } = matrix;
  const size = rows * columns * 4;
  const whole = [rows, columns, offset].every((value) => Number.isInteger(value) && value >= 0);
  if (!whole || offset % 256 !== 0 || offset + size > buffer.size) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected ${name} to be whole numbers of rows and columns from a multiple of 256 bytes within its buffer of ${buffer.size}; got ${rows} × ${columns} from ${offset}.`,
    );
  }
  return { buffer, offset, size };
}

/** Throws `INPUT_INVALID` where a matrix is not of the shape that the other arguments of a call imply. */
export function requireShape(name: string, matrix: Matrix, rows: number, columns: number): void {
  if (matrix.rows !== rows || matrix.columns !== columns) {
    throw new KernelError(
      'INPUT_INVALID',
      `Expected ${name} to be ${rows} × ${columns}; got ${matrix.rows} × ${matrix.columns}.`,
    );
  }
}
