import { CoreError } from '../../errors.ts';

/** The packages of TensorFlow.js by the backend that they carry. All are optional: users install what they want. */
export const backendPackages = {
  wasm: '@tensorflow/tfjs-backend-wasm',
  webgpu: '@tensorflow/tfjs-backend-webgpu',
  cpu: '@tensorflow/tfjs',
  tensorflow: '@tensorflow/tfjs-node-gpu',
} as const;

export type Backend = keyof typeof backendPackages;

/** Why a backend's packages can't be found, with the command that installs them; `undefined` where they can. */
export function missingPackages(backend: Backend): string | undefined {
  const missing = wanted(backend).filter((name) => !isInstalled(name));
  if (missing.length === 0) return undefined;
  return `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed; ${installLine(backend)}`;
}

/** Loads one of the packages, which are CommonJS. Throws `RUNTIME_UNAVAILABLE` where it is absent or does not load. */
export async function importPackage<Exports>(name: string, backend: Backend): Promise<Exports> {
  try {
    const { default: exports } = (await import(name)) as { default: Exports };
    return exports;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CoreError(
      'RUNTIME_UNAVAILABLE',
      `${name} does not load on Node ${process.versions.node}: ${message.split('\n')[0]}; ${installLine(backend)}`,
      { cause: error },
    );
  }
}

function wanted(backend: Backend): string[] {
  const name = backendPackages[backend];
  return backend === 'tensorflow' ? [name] : [...new Set(['@tensorflow/tfjs', name])];
}

function installLine(backend: Backend): string {
  return `npm install ${wanted(backend)
    .map((name) => `${name}@4`)
    .join(' ')}`;
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
