import { createDawn } from '../dawn.ts';
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

export interface WebgpuReport {
  readonly adapters: readonly AdapterReport[];
}

export interface WebgpuArgument {
  /** The emulated GPU to probe instead of the machine's own drivers. */
  readonly driver?: SoftwareDriver | undefined;
}

const { driver } = probeArgument<WebgpuArgument>();
const adapters: AdapterReport[] = [];
for (const { backend, name } of await listAdapters()) {
  const { adapter } = await createDawn({ backend, name, driver });
  if (adapter === null) continue;
  adapters.push({
    name,
    backend,
    vendor: adapter.info.vendor,
    description: adapter.info.description,
    fallback: adapter.info.isFallbackAdapter,
    features: [...adapter.features].toSorted(),
  });
}
answerProbe({ adapters } satisfies WebgpuReport);

/** Dawn lists its adapters only in the error about a name that none of them has. */
async function listAdapters(): Promise<{ backend: string; name: string }[]> {
  try {
    await createDawn({ name: 'warpmap lists adapters', driver });
    return [];
  } catch (error) {
    const lines = String(error).matchAll(/^ \* backend: '([^']*)', name: '(.*)'$/gm);
    // Identical cards share a name, and a name is all that Dawn for Node can pick by: the first stands for all.
    const byName = new Map(
      [...lines].map(([, backend = '', name = '']) => [`${backend} ${name}`, { backend, name }]),
    );
    return [...byName.values()].filter(({ backend }) => backend !== 'null');
  }
}
