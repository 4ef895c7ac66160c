/** Known to each copy of this package that the process may have: the worker has one, its app may have another. */
const LOADING = Symbol.for('warpmap.loading.1');

type Global = { [LOADING]?: boolean };

/** Loads the module of an app, during which `isLoadingApp()`. */
export async function loadingApp<T>(load: () => Promise<T>): Promise<T> {
  (globalThis as Global)[LOADING] = true;
  try {
    return await load();
  } finally {
    delete (globalThis as Global)[LOADING];
  }
}

/** Whether this process is a worker that loads its app just now, so that what runs is the top of a module. */
export function isLoadingApp(): boolean {
  return (globalThis as Global)[LOADING] === true;
}
