export { connect, type ConnectOptions } from './sdk/connect.ts';
export { range, repeat } from './shard/iterables.ts';
export { openEngine } from './core/open.ts';
