import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform, release } from 'node:os';
import { packageVersion } from '../core/version.ts';

/** What a report of a fault should begin with. */
export interface Versions {
  readonly warpmap: string;
  readonly node: string;
  readonly system: string;
  readonly 'onnxruntime-node': string;
  readonly webgpu: string;
  readonly '@tensorflow/tfjs': string;
}

export function findVersions(): Versions {
  return {
    warpmap: packageVersion(),
    node: process.version.slice(1),
    system: `${platform()} ${arch()}, ${release()}`,
    'onnxruntime-node': versionOf('onnxruntime-node'),
    webgpu: versionOf('webgpu'),
    '@tensorflow/tfjs': versionOf('@tensorflow/tfjs'),
  };
}

export function describeVersions(versions: Versions): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name.padEnd(18)}${version}`)
    .join('\n');
}

/** Read from the package's own folder, since loading it would load its native code. */
function versionOf(name: string): string {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as { version: string };
      return version;
    } catch {
      // Not in this folder; the next one up may have it.
    }
  }
  return 'not installed';
}
