import test from 'ava';
import { request } from 'undici';
import type { RouteOptions } from 'fastify';
import { SCOPES } from '../../server/access/scopes.ts';
import { parseTokens } from '../../server/access/tokens.ts';
import { createApp } from '../../server/app.ts';
import { defaultLimits } from '../../server/limits.ts';
import type { Node } from '../../server/node.ts';
import { Journal } from './host/harness.ts';
import { ask } from './fixtures/client.ts';
import { startNode } from './fixtures/node.ts';

const TOKENS = parseTokens(`
# who     scopes       token
reader    read         reads-only-1
caller    call         calls-only-1
ci        deploy,read  deploys-reads
peer      node         nodes-only-1
`);
const bearer = (name: string) => ({
  authorization: `Bearer ${TOKENS.find((token) => token.name === name)?.token ?? name}`,
});

test('every route says which scope it needs', (t) => {
  const routes: RouteOptions[] = [];
  createApp({ limits: defaultLimits } as Node, { check: () => ({ name: 'x' }) }, (route) => routes.push(route));
  t.true(routes.length > 15);
  for (const { method, url, config } of routes) {
    t.true(['open', 'any', ...SCOPES].includes(config?.need ?? ''), `${String(method)} ${url}`);
  }
});

test('a token allows what its scopes say, and nothing else', async (t) => {
  await using node = await startNode({ tokens: TOKENS });
  const map = (name: string) => ask({ url: node.url, form: 'json', headers: bearer(name) });
  t.is((await map('caller')).status, 200);
  for (const name of ['reader', 'ci', 'peer']) t.like(await map(name), { status: 403, code: 'SCOPE_MISSING' }, name);
  const status = async (name: string, path: string): Promise<number> => {
    const { statusCode, body } = await request(node.url + path, { headers: bearer(name) });
    await body.dump();
    return statusCode;
  };
  for (const [name, expected] of [
    ['reader', 200],
    ['ci', 200],
    ['caller', 403],
    ['peer', 403],
    ['nobody', 401],
  ] as const) {
    t.is(await status(name, '/v1/functions'), expected, name);
  }
  for (const { name } of TOKENS) {
    t.is(await status(name, '/v1/node'), 200);
    t.is(await status(name, '/nowhere'), 404);
  }
});

test('the one token allows everything, beside tokens that do not', async (t) => {
  await using node = await startNode({ tokens: TOKENS, token: 'all-of-it-1' });
  t.is((await ask({ url: node.url, form: 'json', headers: bearer('all-of-it-1') })).status, 200);
  t.is((await ask({ url: node.url, form: 'json', headers: bearer('reader') })).status, 403);
  const { statusCode } = await request(`${node.url}/v1/functions`, { headers: bearer('all-of-it-1') });
  t.is(statusCode, 200);
});

test('a refusal names the token, its scopes and what is missing, but not the token itself', async (t) => {
  const journal = new Journal();
  await using node = await startNode({ tokens: TOKENS, log: journal.log });
  const { message } = await ask({ url: node.url, form: 'json', headers: bearer('ci') });
  t.regex(message ?? '', /`ci` has the scopes read, deploy.*needs the scope call/);
  t.notRegex(message + JSON.stringify(journal.entries), /deploys-reads/);
});

test('a node without a token answers no page of another origin, which a browser would send a form from', async (t) => {
  await using node = await startNode();
  const send = (origin: string) => ask({ url: node.url, form: 'json', headers: { origin } });
  t.like(await send('https://evil.example'), { status: 403, code: 'HOST_REFUSED' });
  t.like(await send('null'), { status: 403, code: 'HOST_REFUSED' });
  t.is((await send('http://localhost:3000')).status, 200);
});

for (const [text, expected] of [
  ['', /at least one line/],
  ['ci deploy', /Line 1 .*name scopes token/],
  ['ci deploy secret-token more', /Line 1 /],
  ['# fine\n9 read secret-token', /Line 2 .*a letter/],
  ['ci reed secret-token', /expected scopes of read, call, deploy, node/],
  ['ci read,, secret-token', /expected scopes/],
  ['ci read secret-token\nci call secret-other', /Line 2 .*another token of that name/],
  ['ci read secret-token\nweb call secret-token', /the same token again/],
  ['ci read secret', /8 to 512/],
] as const) {
  test(`tokens that are none are refused, unsaid: ${JSON.stringify(text)}`, (t) => {
    const error = t.throws(() => parseTokens(text), { code: 'OPTION_INVALID', message: expected });
    t.notRegex(error.message, /secret/);
  });
}
