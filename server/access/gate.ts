import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { ServerError } from '../errors.ts';
import { type Need, type Scope, SCOPES } from './scopes.ts';
import { requireToken, type Token } from './tokens.ts';

/** Who may call, as logs name them. */
export interface Caller {
  readonly name: string;
}

type Headers = Readonly<Record<'authorization' | 'host' | 'origin', string | undefined>>;

/** Answers who asks, and whether they may; throws why not. A route without a need needs every scope. */
export interface Gate {
  check(headers: Partial<Headers>, need: Need | undefined): Caller;
}

/**
 * Asks for `Authorization: Bearer TOKEN`, and compares it with all tokens in constant time. Throws `TOKEN_MISSING`,
 * `TOKEN_INVALID`, or `SCOPE_MISSING` for a token that does not allow what is asked.
 */
export function tokenGate(tokens: readonly Token[]): Gate {
  // Digests are of equal length whatever was sent, and only they are kept.
  const known = tokens.map(({ name, scopes, token }) => ({ name, scopes, digest: digest(token) }));
  return {
    check({ authorization }, need) {
      const [, sent] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
      if (sent === undefined) {
        throw new ServerError(
          'TOKEN_MISSING',
          'Expected the header `Authorization: Bearer TOKEN`; this node was started with a token',
        );
      }
      const its = digest(sent);
      // All of them, whichever it is.
      const [found] = known.filter((each) => timingSafeEqual(its, each.digest));
      if (!found) throw new ServerError('TOKEN_INVALID', 'The token is none of those this node was started with');
      const missing = missingOf(need, found.scopes);
      if (missing === undefined) return { name: found.name };
      throw new ServerError(
        'SCOPE_MISSING',
        `The token \`${found.name}\` has the scopes ${found.scopes.join(', ')}, and this needs ${missing}; ask who runs the node for one that has it`,
      );
    },
  };
}

/** What anyone on this machine may do on a node without a token: nothing that would run code of theirs as its user. */
const WITHOUT_TOKEN: readonly Scope[] = ['read', 'call'];

/**
 * Without a token anything on this machine may call, but no web page: one whose name was rebound to the loopback address
 * still sends its own name as `Host`, and one that sends a form names itself as `Origin`. Throws `HOST_REFUSED`, or
 * `SCOPE_MISSING`.
 */
export const loopbackGate: Gate = {
  check({ host, origin }, need) {
    const name = host?.replace(/:\d+$/, '');
    if (name === undefined || !isLoopback(name)) {
      throw new ServerError(
        'HOST_REFUSED',
        `A node without a token answers to localhost and loopback addresses, not to \`${host ?? ''}\`; start it with a token`,
      );
    }
    if (origin !== undefined && !isLoopback(URL.parse(origin)?.hostname ?? '')) {
      throw new ServerError(
        'HOST_REFUSED',
        `A node without a token answers no web page of \`${origin}\`; start it with a token`,
      );
    }
    const missing = missingOf(need, WITHOUT_TOKEN);
    if (missing === undefined) return { name: 'anyone' };
    throw new ServerError(
      'SCOPE_MISSING',
      `This node was started without a token, so that anyone on this machine may call it, and nobody may do what needs ${missing}; start it with --token-file or WARPMAP_TOKEN`,
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
export function settleGate(host: string, tokens: readonly Token[]): Gate {
  if (tokens.length > 0) {
    for (const { token } of tokens) requireToken(token);
    return tokenGate(tokens);
  }
  if (isLoopback(host)) return loopbackGate;
  throw new ServerError(
    'TOKEN_REQUIRED',
    `Binding ${host} lets other machines reach this node, and it has no token: give one with --token-file or WARPMAP_TOKEN, or bind 127.0.0.1`,
  );
}

/** The scope that is needed and not there. */
function missingOf(need: Need | undefined, scopes: readonly Scope[]): string | undefined {
  if (need === 'open' || need === 'any') return undefined;
  if (need !== undefined) return scopes.includes(need) ? undefined : `the scope ${need}`;
  return scopes.length === SCOPES.length ? undefined : 'all scopes, since its route names none';
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
