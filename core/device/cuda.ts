import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from './contract.ts';
import { readNvidia, type NvidiaCard } from './nvidia.ts';
import type { CudaArgument, CudaReport } from './probe/cuda.probe.ts';
import { probeScript, runProbe, type ProbeOptions } from './probe/probe.ts';

/** What this machine tells about CUDA. Plain data, so that the judgement over it can be tested anywhere. */
export interface CudaFacts {
  readonly platform: string;
  /** Version of the NVIDIA driver, where one is loaded. */
  readonly driver: string | undefined;
  /** Those that CUDA may use, in its order. */
  readonly cards: readonly NvidiaCard[];
  /** Whether ONNX Runtime's CUDA provider library lies beside onnxruntime-node. */
  readonly provider: boolean;
  /** Absent where there was nothing to load. */
  readonly load: CudaReport | undefined;
}

const INSTALL_PROVIDER = '`npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12`';
const INSTALL_DRIVER =
  'where there is an NVIDIA GPU, install its driver, or start the container with `docker run --gpus all`';

/** The NVIDIA GPUs that ONNX Runtime can use, or why it can use none. */
export async function findCuda(options: ProbeOptions): Promise<Finding[]> {
  const platform = `${process.platform}-${process.arch}`;
  const { driver, cards } = await readNvidia(options);
  const provider = hasProvider();
  let load: CudaReport | undefined;
  if (driver !== undefined && provider) {
    const report = await runProbe<CudaReport>(probeScript('cuda'), { deviceId: 0 } satisfies CudaArgument, options);
    load = report.ok ? report.value : { loads: false, error: report.reason };
  }
  return judgeCuda({ platform, driver, cards, provider, load });
}

/** What the facts mean for the user. */
export function judgeCuda(facts: CudaFacts): Finding[] {
  const { platform, driver, cards, provider, load } = facts;
  const missing = (reason: string, mend: string): Finding[] => [{ status: 'missing', kind: 'cuda', reason, mend }];
  if (platform !== 'linux-x64') {
    return missing(`ONNX Runtime for Node brings CUDA for linux-x64 and this is ${platform}`, 'use WebGPU or the CPU');
  }
  if (driver === undefined) {
    const reason = 'there is no NVIDIA driver (neither nvidia-smi nor /proc/driver/nvidia answers)';
    return provider
      ? missing(reason, INSTALL_DRIVER)
      : missing(
          `${reason}, and the CUDA provider of ONNX Runtime is not installed`,
          `${INSTALL_DRIVER}; then run ${INSTALL_PROVIDER}`,
        );
  }
  if (!provider) {
    return missing(
      `NVIDIA driver ${driver} is there, but the CUDA provider of ONNX Runtime is not installed`,
      `download it with ${INSTALL_PROVIDER}`,
    );
  }
  if (load?.loads !== true) {
    const error = load?.error ?? 'it was not tried';
    return missing(`the CUDA provider of ONNX Runtime does not load: ${error.split('\n')[0]}`, mendLoad(error));
  }
  // It ran, so there is a card, even where nothing would name it.
  const named: readonly NvidiaCard[] = cards.length === 0 ? [{ name: 'NVIDIA GPU' }] : cards;
  return named.map((card, index) => ({
    status: 'found',
    device: {
      kind: 'cuda',
      index,
      name: card.name,
      software: false,
      ...(card.memoryBytes !== undefined && { memoryBytes: card.memoryBytes }),
      driver: `NVIDIA ${driver}`,
      features: ['cuda-12'],
    },
  }));
}

function mendLoad(error: string): string {
  if (/libcudnn/.test(error)) return 'install cuDNN 9 for CUDA 12 and put its folder on LD_LIBRARY_PATH';
  if (/lib(?:cu|nv)\w*\.so/.test(error))
    return 'install the CUDA 12 runtime libraries and put their folder on LD_LIBRARY_PATH';
  if (/driver version is insufficient|forward compat/i.test(error)) return 'update the NVIDIA driver to 525 or later';
  if (/no CUDA-capable device|out of memory/i.test(error))
    return 'check nvidia-smi and CUDA_VISIBLE_DEVICES: no GPU is visible or free';
  return `check nvidia-smi, then reinstall with ${INSTALL_PROVIDER}`;
}

function hasProvider(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const root = path.dirname(path.dirname(fileURLToPath(import.meta.resolve('onnxruntime-node'))));
    const folder = path.join(root, 'bin', 'napi-v6', process.platform, process.arch);
    return existsSync(path.join(folder, 'libonnxruntime_providers_cuda.so'));
  } catch {
    return false;
  }
}
