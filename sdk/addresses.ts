import { isIPv6 } from 'node:net';
import { shown } from '../shard/options.ts';
import { SdkError } from './errors.ts';

/** A name of which every address is a node. */
export interface NodeName {
  readonly name: string;
  readonly port: number;
}

export interface Addresses {
  /** Base URLs of nodes. */
  readonly urls: readonly string[];
  readonly names: readonly NodeName[];
}

/** The nodes named by option or environment; none means: start a server here. */
export function addressesOf(
  nodes: readonly string[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Addresses {
  if (nodes !== undefined && !(Array.isArray(nodes) && nodes.every((node) => typeof node === 'string'))) {
    throw new SdkError(
      'OPTION_INVALID',
      `Expected nodes to be an array of addresses such as ['10.0.0.1:7411'], got ${shown(nodes)}`,
    );
  }
  const named = nodes ?? (env['WARPMAP_NODES'] ?? '').split(',');
  const addresses = named.map((address) => address.trim()).filter((address) => address !== '');
  if (nodes && addresses.length === 0) {
    throw new SdkError(
      'OPTION_INVALID',
      'Expected nodes to name at least one address; leave it out to start a server here',
    );
  }
  const [names, urls] = [addresses.filter(isName), addresses.filter((address) => !isName(address))];
  return { urls: [...new Set(urls.map(urlOf))], names: [...new Set(names)].map(nameOf) };
}

function isName(address: string): boolean {
  return address.startsWith('dns:');
}

function nameOf(address: string): NodeName {
  const { name, port } = /^dns:(?<name>[\w.\-]+):(?<port>\d{1,5})$/v.exec(address)?.groups ?? {};
  if (name !== undefined && port !== undefined) return { name, port: Number(port) };
  throw new SdkError(
    'OPTION_INVALID',
    `Expected a name and a port such as dns:warpmap.internal:7411, got ${JSON.stringify(address)}`,
  );
}

/** `host:port` and `http(s)://host:port` are understood. */
export function urlOf(address: string): string {
  const url = URL.parse(/^\w+:\/\//.test(address) ? address : `http://${address}`);
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search !== '') {
    throw new SdkError(
      'OPTION_INVALID',
      `Expected the address of a node such as http://127.0.0.1:7411, got ${JSON.stringify(address)}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new SdkError('OPTION_INVALID', 'Expected an address without user and password; give the token as an option');
  }
  return url.origin;
}

/** The base URL of a node at an IP address. */
export function urlAt(address: string, port: number): string {
  return urlOf(`http://${isIPv6(address) ? `[${address}]` : address}:${port}`);
}
