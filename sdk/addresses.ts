import { SdkError } from './errors.ts';

/** The base URLs of the nodes named by option or environment; none means: start a server here. */
export function addressesOf(
  nodes: readonly string[] | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const named = nodes ?? (env['WARPMAP_NODES'] ?? '').split(',');
  const urls = named
    .map((address) => address.trim())
    .filter((address) => address !== '')
    .map(urlOf);
  if (nodes && urls.length === 0) {
    throw new SdkError(
      'OPTION_INVALID',
      'Expected nodes to name at least one address; leave it out to start a server here',
    );
  }
  return [...new Set(urls)];
}

/** `host:port` and `http(s)://host:port` are understood. */
function urlOf(address: string): string {
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
