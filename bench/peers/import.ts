import { createRequire } from 'node:module';
import { PeerMissing } from '../map/peer.ts';

/** Loads a peer and its version. Throws `PeerMissing` where `npm run bench:peers` has not been run. */
export async function importPeer<Library>(
  name: string,
): Promise<{ readonly library: Library; readonly version: string }> {
  try {
    const library = (await import(name)) as Library;
    // By its path, since a package need not export it.
    const manifest = `./node_modules/${name}/package.json`;
    const { version } = createRequire(import.meta.url)(manifest) as { readonly version: string };
    return { library, version };
  } catch (error) {
    throw new PeerMissing(name, 'run `npm run bench:peers` first, or leave out --peers', { cause: error });
  }
}
