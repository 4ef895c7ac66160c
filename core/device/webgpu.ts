import type { Device, Finding } from './contract.ts';
import { probeScript, runProbe, type ProbeOptions, type ProbeReport } from './probe/probe.ts';
import type { AdapterReport, WebgpuArgument, WebgpuReport } from './probe/webgpu.probe.ts';
import { installSwiftShader, swiftShaderMissing } from './swiftshader.ts';

/** Features that some kernel or encoder asks for where an adapter has them. */
export const WANTED_FEATURES: readonly string[] = [
  'shader-f16',
  'subgroups',
  'subgroup-size-control',
  'timestamp-query',
  'chromium-experimental-subgroup-matrix',
];

/** The GPUs that Dawn can use, the emulated ones last, or why it can use none. */
export async function findWebgpu(
  options: ProbeOptions & { readonly software: boolean },
): Promise<Finding[]> {
  const [own, emulated] = await Promise.all([
    runProbe<WebgpuReport>(probeScript('webgpu'), {} satisfies WebgpuArgument, options),
    options.software ? probeSwiftShader(options) : undefined,
  ]);
  return judgeWebgpu(own, emulated);
}

/** What the probes' reports mean; `emulated` is left out where nobody asked. */
export function judgeWebgpu(
  own: ProbeReport<WebgpuReport>,
  emulated: ProbeReport<WebgpuReport> | 'missing' | undefined,
): Finding[] {
  const adapters = own.ok ? own.value.adapters : [];
  const real = adapters.filter((adapter) => !isSoftware(adapter));
  const software = [
    ...adapters.filter((adapter) => isSoftware(adapter) && !isSwiftShader(adapter.name)),
    ...(typeof emulated === 'object' && emulated.ok ? emulated.value.adapters : []),
  ];
  const found = [...real, ...software].map((adapter, index): Finding => ({
    status: 'found',
    device: deviceOf(adapter, index),
  }));
  const rows =
    real.length > 0
      ? found
      : [{ ...explainOwn(own), status: 'missing', kind: 'webgpu' } as const, ...found];
  if (software.length > 0 || emulated === undefined) return rows;
  return [
    ...rows,
    { ...explainEmulated(emulated), status: 'missing', kind: 'webgpu', software: true },
  ];
}

/** Whether it is the emulated GPU that comes from npm; others come from the machine's own drivers. */
export function isSwiftShader(name: string): boolean {
  return /swiftshader/i.test(name);
}

async function probeSwiftShader(
  options: ProbeOptions,
): Promise<ProbeReport<WebgpuReport> | 'missing'> {
  if (swiftShaderMissing() !== undefined) return 'missing';
  try {
    const driver = await installSwiftShader();
    return await runProbe<WebgpuReport>(
      probeScript('webgpu'),
      { driver } satisfies WebgpuArgument,
      options,
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    return { ok: false, reason: (error as Error).message, stderr: '' };
  }
}

function isSoftware(adapter: AdapterReport): boolean {
  return (
    adapter.fallback || /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i.test(adapter.name)
  );
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

function explainOwn(own: ProbeReport<WebgpuReport>): { reason: string; mend: string } {
  const install = 'Install the driver of your GPU';
  if (!own.ok) return { reason: `Dawn failed: ${own.reason}`, mend: `${install}, or update it` };
  if (/Couldn't load Vulkan/.test(own.stderr)) {
    return {
      reason: 'there is no Vulkan loader (libvulkan.so.1)',
      mend: `${install} and the Vulkan loader (Debian and Ubuntu: apt-get install libvulkan1)`,
    };
  }
  return {
    reason: own.value.adapters.length > 0 ? 'only emulated GPUs were found' : 'Dawn found no GPU',
    mend: `${install} with its Vulkan part; in a container pass the GPU through (for NVIDIA with NVIDIA_DRIVER_CAPABILITIES=all)`,
  };
}

function explainEmulated(emulated: ProbeReport<WebgpuReport> | 'missing'): {
  reason: string;
  mend: string;
} {
  const missing = swiftShaderMissing();
  if (emulated === 'missing' && missing !== undefined) return missing;
  const why =
    typeof emulated === 'object' && !emulated.ok ? emulated.reason : 'Dawn did not accept it';
  return {
    reason: `the emulated GPU, SwiftShader, does not start: ${why}`,
    mend: 'Use the CPU device',
  };
}
