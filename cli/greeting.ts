import type { Engine } from '../core/contract.ts';
import { packageVersion } from '../core/version.ts';

export interface Greeting {
  readonly url: string;
  readonly engine: Pick<Engine, 'device' | 'model'>;
  /** From the start of the command until the model was loaded. */
  readonly milliseconds: number;
  /** Whether clients need a token. */
  readonly guarded: boolean;
  /** Names of the functions of an app, as clients know them. */
  readonly functions?: readonly string[];
}

/** What a person wants to know about a node that has just started. */
export function greeting({ url, engine: { device, model }, milliseconds, guarded, functions = [] }: Greeting): string {
  const header = guarded ? ' -H "authorization: Bearer $WARPMAP_TOKEN"' : '';
  const body = JSON.stringify({ function: 'embed', inputs: ['a dog on a skateboard'] });
  return [
    `warpmap ${packageVersion()} is ready after ${(milliseconds / 1000).toFixed(1)} s`,
    `  device  ${device.kind}:${device.index}, ${device.name}${device.software ? ' (emulated on the CPU)' : ''}`,
    `  model   ${model.name}, ${model.dims} dims, up to ${model.maxTokens} tokens, from ${model.origin}`,
    ...(functions.length > 0 ? [`  app     ${functions.join(', ')}`] : []),
    `  url     ${url}`,
    `  try     curl -s ${url}/v1/map -H 'content-type: application/json'${header} -d '${body}'`,
    '',
  ].join('\n');
}
