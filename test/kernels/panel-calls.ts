/** Kernels of panels, called with what the host has packed. */
import {
  hostPanels,
  move,
  pack,
  type HostPanels,
  type Launcher,
  type PackPanelsOptions,
  type Panels,
  unpack,
} from '../../kernels/index.ts';
import { spanOfValues } from './calls.ts';

type Floats = Float32Array<ArrayBuffer>;

export interface DevicePanels extends Disposable {
  readonly panels: Panels;
}

/** Copies panels to the device. */
export async function uploadPanels(launcher: Launcher, host: HostPanels): Promise<DevicePanels> {
  const { type, dims, rows, words, scales } = host;
  const leases = [await launcher.upload(words), await launcher.upload(scales ?? new Float32Array(0))] as const;
  return {
    panels: {
      buffer: leases[0].buffer,
      type,
      dims,
      rows,
      ...(scales !== undefined && { scales: { buffer: leases[1].buffer, rows, columns: 1 } }),
    },
    [Symbol.dispose]: () => leases.forEach((lease) => lease[Symbol.dispose]()),
  };
}

/** Copies panels from the device. */
export async function downloadPanels(launcher: Launcher, panels: Panels): Promise<HostPanels> {
  const { type, dims, rows } = panels;
  const empty = hostPanels(type, dims, rows);
  const [words, scales] = await launcher.submit(
    [],
    [
      spanOfValues(panels.buffer, empty.words.length),
      spanOfValues((panels.scales ?? panels).buffer, empty.scales?.length ?? 0),
    ],
  );
  return {
    ...empty,
    words: new Uint32Array(words!),
    ...(panels.scales !== undefined && { scales: new Float32Array(scales!) }),
  };
}

export interface RunPackOptions extends PackPanelsOptions {
  /** What stands there before. Default: zeros, a row for each vector. */
  readonly onto?: HostPanels;
  readonly rows?: Uint32Array;
  readonly firstRow?: number;
}

/** Packs vectors on the device, to panels on the host. */
export async function runPack(launcher: Launcher, vectors: Floats, options: RunPackOptions): Promise<HostPanels> {
  const { type, columns, dims = columns, normalize = false, rows, firstRow } = options;
  const count = vectors.length / columns;
  using lease = await launcher.upload(vectors);
  using listed = await launcher.upload(rows ?? new Uint32Array(0));
  using to = await uploadPanels(launcher, options.onto ?? hostPanels(type, dims, count));
  using plan = await pack.plan(launcher, {
    vectors: { buffer: lease.buffer, rows: count, columns },
    panels: to.panels,
    normalize,
    ...(rows !== undefined && { rows: { buffer: listed.buffer, rows: rows.length, columns: 1 } }),
    ...(firstRow !== undefined && { firstRow }),
  });
  await launcher.submit(plan.steps);
  return downloadPanels(launcher, to.panels);
}

export interface RowOptions {
  readonly rows?: Uint32Array;
  readonly firstRow?: number;
}

/** Unpacks rows on the device. What is left out stays NaN. */
export async function runUnpack(
  launcher: Launcher,
  host: HostPanels,
  { rows, firstRow = 0 }: RowOptions = {},
): Promise<Floats> {
  const count = rows?.length ?? host.rows - firstRow;
  using from = await uploadPanels(launcher, host);
  using listed = await launcher.upload(rows ?? new Uint32Array(0));
  using lease = await launcher.upload(new Float32Array(count * host.dims).fill(Number.NaN));
  using plan = await unpack.plan(launcher, {
    panels: from.panels,
    firstRow,
    vectors: { buffer: lease.buffer, rows: count, columns: host.dims },
    ...(rows !== undefined && { rows: { buffer: listed.buffer, rows: count, columns: 1 } }),
  });
  const [bytes] = await launcher.submit(plan.steps, [spanOfValues(lease.buffer, count * host.dims)]);
  return new Float32Array(bytes!);
}

/** Moves rows on the device. */
export async function runMove(
  launcher: Launcher,
  from: HostPanels,
  to: HostPanels,
  { rows, firstRow = 0, toRow = 0 }: RowOptions & { readonly toRow?: number },
): Promise<HostPanels> {
  const count = rows?.length ?? from.rows - firstRow;
  using source = await uploadPanels(launcher, from);
  using target = await uploadPanels(launcher, to);
  using listed = await launcher.upload(rows ?? new Uint32Array(0));
  using plan = await move.plan(launcher, {
    from: source.panels,
    to: target.panels,
    firstRow,
    toRow,
    count,
    ...(rows !== undefined && { rows: { buffer: listed.buffer, rows: count, columns: 1 } }),
  });
  await launcher.submit(plan.steps);
  return downloadPanels(launcher, target.panels);
}
