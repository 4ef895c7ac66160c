import test from 'ava';
import { connect } from '../../../index.ts';
import { LocalServer } from '../../../sdk/local-server.ts';
import { testConformance } from './suite.ts';

/** Two `warpmap serve` processes, started with the first connection and shared by all. */
let servers: readonly LocalServer[] = [];
const token = 'a-token-for-both';

testConformance({
  async open(model) {
    const start = (): Promise<LocalServer> => LocalServer.start({ model, device: 'cpu', token, startTimeout: 60_000 });
    if (servers.length === 0) servers = await Promise.all([start(), start()]);
    return connect({ nodes: servers.map(({ url }) => url), token });
  },
  openWrong: () => connect({ modle: 'tiny' } as object),
  urls: [/^http:\/\/127\.0\.0\.1:\d+$/v, /^http:\/\/127\.0\.0\.1:\d+$/v],
});

test.after.always(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
});
