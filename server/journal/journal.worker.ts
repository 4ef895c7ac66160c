import { serveThread } from '../../core/thread/serve.ts';
import { Transferred } from '../../core/thread/transferred.ts';
import type { JournalMethods, StoreOptions } from './contract.ts';
import { JournalStore } from './store.ts';

void serveThread<JournalMethods>((options) => {
  const store = new JournalStore(options as StoreOptions);
  return {
    methods: {
      find(use, spans, inputs) {
        const found = store.find(use, spans, inputs);
        return new Transferred(found, found.kind === 'found' ? [found.hashes.buffer] : []);
      },
      read(block) {
        const bytes = store.read(block);
        return new Transferred(bytes, bytes ? [bytes.buffer] : []);
      },
      write: (id, entries) => store.write(id, entries),
      ranges: (key) => store.ranges(key),
      list: () => store.list(),
      forget: (key) => store.forget(key),
      purge: () => store.purge(),
    },
    dispose: () => store[Symbol.dispose](),
  };
});
