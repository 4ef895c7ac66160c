import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { ServerError } from './errors.ts';

/** Answers whether a request may come in; throws why not. */
export interface Gate {
  check(headers: { readonly authorization?: string | undefined; readonly host?: string | undefined }): void;
}

/** Asks for `Authorization: Bearer TOKEN`, and compares it in constant time. Throws `TOKEN_MISSING` or `TOKEN_INVALID`. */
export function tokenGate(token: string): Gate {
  // Digests are of equal length whatever was sent, and only the digest is kept.
  const expected = digest(token);
  return {
    check({ authorization }) {
      const [, sent] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
      if (sent === undefined) {
        throw new ServerError(
          'TOKEN_MISSING',
          'Expected the header `Authorization: Bearer TOKEN`; this node was started with a token',
        );
      }
      if (!timingSafeEqual(digest(sent), expected)) {
        throw new ServerError('TOKEN_INVALID', 'The token is not the one this node was started with');
      }
    },
  };
}

/**
 * Without a token anything on this machine may call, but no web page: a page whose name was rebound to the loopback
 * address still sends its own name as `Host`. Throws `HOST_REFUSED`.
 */
export const loopbackGate: Gate = {
  check({ host }) {
    const name = host?.replace(/:\d+$/, '');
    if (name !== undefined && isLoopback(name)) return;
    throw new ServerError(
      'HOST_REFUSED',
      `A node without a token answers to localhost and loopback addresses, not to \`${host ?? ''}\`; start it with a token`,
    );
  },
};

/** Whether only this machine can reach that address. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === 'localhost';
}

/** Throws `TOKEN_REQUIRED` where others could reach a server that asks for nothing, and `OPTION_INVALID` for a token that no header can carry. */
export function settleGate(host: string, token: string | undefined): Gate {
  if (token === undefined) {
    if (isLoopback(host)) return loopbackGate;
    throw new ServerError(
      'TOKEN_REQUIRED',
      `Binding ${host} lets other machines reach this node, and it has no token: give one with --token-file or WARPMAP_TOKEN, or bind 127.0.0.1`,
    );
  }
  if (!/^[\x21-\x7e]{8,512}$/.test(token)) {
    throw new ServerError(
      'OPTION_INVALID',
      `Expected a token of 8 to 512 printable ASCII characters without spaces, got ${token.length} characters; try \`openssl rand -hex 32\``,
    );
  }
  return tokenGate(token);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
