/** Matrices on a device, there and back. */
import {
  hostPanels,
  type HostPanels,
  type Kernel,
  type Launcher,
  type Matrix,
  type Panels,
} from '../../../kernels/index.ts';

/** A matrix of zeros, or of these values: over and over where there are fewer. The caller destroys its buffer. */
export async function matrix(
  launcher: Launcher,
  rows: number,
  columns: number,
  values?: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
): Promise<Matrix> {
  const buffer = await launcher.allocate(rows * columns * 4);
  if (values === undefined) return { buffer, rows, columns };
  for (let at = 0; at < rows * columns; at += values.length) {
    launcher.device.queue.writeBuffer(buffer, at * 4, values, 0, Math.min(values.length, rows * columns - at));
  }
  return { buffer, rows, columns };
}

export async function read(launcher: Launcher, { buffer, rows, columns }: Matrix): Promise<ArrayBuffer> {
  const [bytes] = await launcher.submit([], [{ buffer, offset: 0, size: rows * columns * 4 }]);
  return bytes ?? new ArrayBuffer(0);
}

export async function readPanels(
  launcher: Launcher,
  { type, dims, rows, buffer, scales }: Panels,
): Promise<HostPanels> {
  const empty = hostPanels(type, dims, rows);
  const words = await read(launcher, { buffer, rows: empty.words.length, columns: 1 });
  const filled = { ...empty, words: new Uint32Array(words) };
  return scales === undefined ? filled : { ...filled, scales: new Float32Array(await read(launcher, scales)) };
}

export async function submitted<Call>(launcher: Launcher, kernel: Kernel<Call>, call: Call): Promise<void> {
  using plan = await kernel.plan(launcher, call);
  await launcher.submit(plan.steps);
}

/** Throws unless each value is within its bound of what it should be. */
export function requireClose(name: string, actual: Float32Array, expected: Float64Array, bounds: Float64Array): void {
  const wrong = expected.findIndex((value, at) => !(Math.abs((actual[at] ?? Number.NaN) - value) <= (bounds[at] ?? 0)));
  if (wrong === -1) return;
  throw new Error(`Expected ${name} to give ${expected[wrong]} at ${wrong}, got ${actual[wrong]}: not timed.`);
}
