export { readModelFolder, type ReadFolderOptions } from './read-folder.ts';
