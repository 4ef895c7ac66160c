export { loadTokenizer } from './load.ts';
