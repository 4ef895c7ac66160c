import type { Engine } from '../../core/contract.ts';

const none = (): never => {
  throw new Error('Expected only the functions of this node, got a use of its engine.');
};

/** For a node whose functions need none. */
export const noEngine: Engine = {
  device: { kind: 'cpu', index: 0, name: 'none', software: false, features: [] },
  model: { name: 'none', dims: 1, maxTokens: 1, origin: 'none' },
  embed: none,
  collection: none,
  existingCollection: none,
  collections: () => [],
  drop: none,
  [Symbol.asyncDispose]: async () => {},
};
