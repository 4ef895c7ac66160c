import { describeFindings, type Device, findDevices, type Finding } from '../core/device/index.ts';
import { runtimes } from '../core/runtime/index.ts';
import { describeModel, findModel, type ModelState } from './model-state.ts';
import { describeVersions, findVersions, type Versions } from './versions.ts';

export interface DoctorOptions {
  readonly json?: true;
}

/** Whether a runtime can use a device, and why not where it can't. */
interface Pairing {
  readonly device: string;
  readonly runtime: string;
  readonly unavailable?: string;
}

interface Report {
  readonly versions: Versions;
  readonly devices: readonly Finding[];
  readonly runtimes: readonly Pairing[];
  readonly model: ModelState;
}

/** Prints what can run here and what can't. Resolves to whether any engine can, on a device that is no emulation. */
export async function doctor(options: DoctorOptions): Promise<boolean> {
  const versions = findVersions();
  const [devices, model] = await Promise.all([findDevices(), findModel()]);
  const found = devices.flatMap((finding) => (finding.status === 'found' ? [finding.device] : []));
  const pairings = await Promise.all(found.flatMap((device) => runtimes.map((runtime) => pair(device, runtime))));
  const report = { versions, devices, runtimes: pairings.map(({ pairing }) => pairing), model };
  process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
  return pairings.some(({ device, pairing }) => !device.software && pairing.unavailable === undefined);
}

async function pair(device: Device, runtime: (typeof runtimes)[number]): Promise<{ device: Device; pairing: Pairing }> {
  const unavailable = await runtime.unavailable(device);
  const pairing = { device: `${device.kind}:${device.index}`, runtime: runtime.name };
  return { device, pairing: unavailable === undefined ? pairing : { ...pairing, unavailable } };
}

function describe({ versions, devices, runtimes: pairings, model }: Report): string {
  const lines = pairings.map(
    ({ device, runtime, unavailable }) => `${device.padEnd(10)} ${runtime.padEnd(5)} ${unavailable ?? 'available'}`,
  );
  return `${[describeVersions(versions), describeFindings(devices), lines.join('\n'), describeModel(model)].join('\n\n')}\n`;
}
