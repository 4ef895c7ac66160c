import type { Device, Finding } from './contract.ts';
import { probeScript, runProbe, type ProbeOptions, type ProbeReport } from './probe/probe.ts';
import type { AdapterReport, WebgpuArgument, WebgpuReport } from './probe/webgpu.probe.ts';
import { installSwiftShader, swiftShaderMissing } from './swiftshader.ts';

/** Why something is not to be had, and what to do about it. */
interface Lack {
  readonly reason: string;
  readonly mend: string;
}

type Report = ProbeReport<WebgpuReport>;

/** Features that some kernel or encoder asks for where an adapter has them. */
export const WANTED_FEATURES: readonly string[] = [
  'shader-f16',
  'subgroups',
  'subgroup-size-control',
  'timestamp-query',
  'chromium-experimental-subgroup-matrix',
];

/** The GPUs that Dawn can use, the emulated ones last, or why it can use none. */
export async function findWebgpu(options: ProbeOptions & { readonly software: boolean }): Promise<Finding[]> {
  const [own, emulated] = await Promise.all([
    runProbe<WebgpuReport>(probeScript('webgpu'), {} satisfies WebgpuArgument, options),
    options.software ? probeSwiftShader(options) : undefined,
  ]);
  return judgeWebgpu(own, emulated);
}

/** What the probes' reports mean; `emulated` is left out where nobody asked. */
export function judgeWebgpu(own: Report, emulated: Report | Lack | undefined): Finding[] {
  const adapters = adaptersOf(own);
  const real = adapters.filter((adapter) => !isSoftware(adapter));
  const ours = emulated !== undefined && 'ok' in emulated ? adaptersOf(emulated) : [];
  // The same emulation out of the machine's drivers and out of npm is one device.
  const software = [
    ...adapters.filter((adapter) => isSoftware(adapter) && !(ours.length > 0 && isSwiftShader(adapter.name))),
    ...ours,
  ];
  const found = [...real, ...software].map((adapter, index): Finding => ({
    status: 'found',
    device: deviceOf(adapter, index),
  }));
  const rows = real.length > 0 ? found : [{ ...explainOwn(own), status: 'missing', kind: 'webgpu' } as const, ...found];
  if (software.length > 0 || emulated === undefined) return rows;
  return [...rows, { ...explainEmulated(emulated), status: 'missing', kind: 'webgpu', software: true }];
}

/** Whether it is the emulated GPU that comes from npm; others come from the machine's own drivers. */
export function isSwiftShader(name: string): boolean {
  return /swiftshader/i.test(name);
}

async function probeSwiftShader(options: ProbeOptions): Promise<Report | Lack> {
  const missing = swiftShaderMissing();
  if (missing !== undefined) return missing;
  try {
    const driver = await installSwiftShader();
    return await runProbe<WebgpuReport>(probeScript('webgpu'), { driver } satisfies WebgpuArgument, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    return { ok: false, reason: (error as Error).message, stderr: '' };
  }
}

function adaptersOf(report: Report): readonly AdapterReport[] {
  return report.ok && report.value.loads ? report.value.adapters : [];
}

function isSoftware(adapter: AdapterReport): boolean {
  return adapter.fallback || /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i.test(adapter.name);
}

function deviceOf(adapter: AdapterReport, index: number): Device {
  return {
    kind: 'webgpu',
    index,
    name: adapter.name,
    software: isSoftware(adapter),
    ...(adapter.description !== '' && { driver: adapter.description }),
    features: WANTED_FEATURES.filter((feature) => adapter.features.includes(feature)),
  };
}

function explainOwn(own: Report): Lack {
  const install = 'where there is a GPU, install its driver';
  if (!own.ok) return { reason: `Dawn failed: ${own.reason}`, mend: `${install}, or update it` };
  if (!own.value.loads) {
    return {
      reason: own.value.error,
      mend: 'reinstall it with `npm rebuild webgpu`; it needs glibc 2.34 or later on Linux',
    };
  }
  if (/Couldn't load Vulkan/.test(own.stderr)) {
    return {
      reason: 'there is no Vulkan loader (libvulkan.so.1)',
      mend: `${install} and the Vulkan loader (Debian and Ubuntu: \`apt-get install libvulkan1\`)`,
    };
  }
  return {
    reason: own.value.adapters.length > 0 ? 'only emulated GPUs were found' : 'Dawn found no GPU',
    mend: `${install} with its Vulkan part; in a container pass the GPU through (for NVIDIA with \`NVIDIA_DRIVER_CAPABILITIES=all\`)`,
  };
}

function explainEmulated(emulated: Report | Lack): Lack {
  if ('mend' in emulated) return emulated;
  const why = emulated.ok ? (emulated.value.loads ? 'Dawn did not accept it' : emulated.value.error) : emulated.reason;
  return { reason: `the emulated GPU, SwiftShader, does not start: ${why}`, mend: 'use the CPU device' };
}
