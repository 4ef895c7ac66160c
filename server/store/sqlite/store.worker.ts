import { serveThread } from '../../../core/thread/serve.ts';
import { Transferred } from '../../../core/thread/transferred.ts';
import type { StoreMethods, StoreOptions } from './contract.ts';
import { SqliteEngine } from './engine.ts';

void serveThread<StoreMethods>((options) => {
  const { path, clock } = options as StoreOptions;
  const engine = new SqliteEngine({ path, ...(clock && { now: () => clock[0]! }) });
  return {
    methods: {
      describe: () => ({ id: engine.id }),
      create: (call) => engine.create(call),
      append: (call, chunks) => engine.append(call, chunks),
      seal: (call, whole) => engine.seal(call, whole),
      async claim(want) {
        const leases = await engine.claim(want);
        return new Transferred(
          leases,
          leases.map(({ block }) => block.buffer),
        );
      },
      renew: (leases, leaseMs) => engine.renew(leases, leaseMs),
      acknowledge: (acknowledgements) => engine.acknowledge(acknowledgements),
      status: (call) => engine.status(call),
      list: (filter) => engine.list(filter),
      async outcomes(call, page) {
        const found = await engine.outcomes(call, page);
        const blocks = found.outcomes.flatMap((each) => (each.kind === 'outputs' ? [each.block.buffer] : []));
        return new Transferred(found, blocks);
      },
      cancel: (call) => engine.cancel(call),
      retry: (call) => engine.retry(call),
      remove: (call) => engine.remove(call),
      purge: (retentionMs) => engine.purge(retentionMs),
      log: (call, lines) => engine.log(call, lines),
      logs: (call, page) => engine.logs(call, page),
      backlog: () => engine.backlog(),
    },
    dispose: () => engine[Symbol.asyncDispose](),
  };
});
