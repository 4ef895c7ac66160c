export { TokenizerError, type TokenizerErrorCode } from './errors.ts';
export { loadTokenizer } from './load.ts';
