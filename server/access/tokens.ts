import { ServerError } from '../errors.ts';
import { type Scope, SCOPES } from './scopes.ts';

/** Who may do what on a node. */
export interface Token {
  /** For logs. A letter first, and then up to 62 letters, digits, `_`, `.` or `-`. */
  readonly name: string;
  /** At least one. */
  readonly scopes: readonly Scope[];
  /** 8 to 512 printable ASCII characters without spaces. */
  readonly token: string;
}

/** The one token of a node, which allows everything. */
export function onlyToken(token: string): Token {
  return { name: 'token', scopes: SCOPES, token };
}

/**
 * Tokens as a file has them: a line each, `name scopes token`, the scopes with commas between, such as
 * `ci read,deploy 5f0c…`. Empty lines, and those that begin with `#`, do not count. Throws `OPTION_INVALID`, which names
 * the line and never the token.
 */
export function parseTokens(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const refuse = (what: string): ServerError =>
      new ServerError('OPTION_INVALID', `Line ${at + 1} of the tokens: ${what}`);
    const [name, list, token, ...more] = trimmed.split(/\s+/);
    if (token === undefined || more.length > 0) throw refuse('expected `name scopes token`');
    if (!/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/.test(name!)) {
      throw refuse('expected a name of a letter and up to 62 letters, digits, `_`, `.` or `-`');
    }
    const scopes = list!.split(',').map((scope) => {
      if (isScope(scope)) return scope;
      throw refuse(`expected scopes of ${SCOPES.join(', ')}, with commas between`);
    });
    if (tokens.some((other) => other.name === name || other.token === token)) {
      throw refuse(`there is another token of that name, or the same token again; \`${name}\` must have its own`);
    }
    requireToken(token);
    tokens.push({ name: name!, scopes: SCOPES.filter((scope) => scopes.includes(scope)), token });
  }
  if (tokens.length === 0) throw new ServerError('OPTION_INVALID', 'Expected at least one line `name scopes token`');
  return tokens;
}

/** Throws `OPTION_INVALID` for what no header can carry. */
export function requireToken(token: string): void {
  if (/^[\x21-\x7e]{8,512}$/.test(token)) return;
  throw new ServerError(
    'OPTION_INVALID',
    `Expected a token of 8 to 512 printable ASCII characters without spaces, got ${token.length} characters; try \`openssl rand -hex 32\``,
  );
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}
