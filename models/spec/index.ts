export { readModelFolder } from './read-folder.ts';
