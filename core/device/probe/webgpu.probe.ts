import { createDawn, loadDawn } from '../dawn.ts';
import type { SoftwareDriver } from '../vulkan.ts';
import { answerProbe, probeArgument } from './probe.ts';

/** What one adapter says of itself. */
export interface AdapterReport {
  readonly name: string;
  readonly backend: string;
  readonly vendor: string;
  readonly description: string;
  readonly fallback: boolean;
  readonly features: readonly string[];
}

export type WebgpuReport =
  | { readonly loads: true; readonly adapters: readonly AdapterReport[] }
  | { readonly loads: false; readonly error: string };

export interface WebgpuArgument {
  /** The emulated GPU to probe instead of the machine's own drivers. */
  readonly driver?: SoftwareDriver | undefined;
}

const { driver } = probeArgument<WebgpuArgument>();
answerProbe(await report());

async function report(): Promise<WebgpuReport> {
  try {
    await loadDawn();
  } catch (error) {
    return { loads: false, error: (error as Error).message };
  }
  const adapters: AdapterReport[] = [];
  for (const { backend, name } of await listAdapters()) {
    const { adapter } = await createDawn({ name, driver });
    if (adapter === null) continue;
    const { vendor, description, isFallbackAdapter } = adapter.info;
    const features = [...adapter.features].toSorted();
    adapters.push({ name, backend, vendor, description, fallback: isFallbackAdapter, features });
  }
  return { loads: true, adapters };
}

/** Dawn lists its adapters only in the error about a name that none of them has. */
async function listAdapters(): Promise<{ backend: string; name: string }[]> {
  try {
    await createDawn({ name: 'warpmap lists adapters', driver });
    return [];
  } catch (error) {
    const listed = [...String(error).matchAll(/^ \* backend: '([^']*)', name: '(.*)'$/gm)]
      .map(([, backend = '', name = '']) => ({ backend, name }))
      .filter(({ backend }) => backend !== 'null');
    // Cards of one name, and one card behind several backends: the name is all to pick by, and picks the first.
    return [...new Map(listed.toReversed().map((adapter) => [adapter.name, adapter])).values()].toReversed();
  }
}
