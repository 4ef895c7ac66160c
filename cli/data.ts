import { join } from 'node:path';

/** Where programs of this user keep their state on this platform. */
export function dataDirectory(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): string {
  switch (platform) {
    case 'win32':
      return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'warpmap');
    case 'darwin':
      return join(home, 'Library', 'Application Support', 'warpmap');
    default:
      return join(env['XDG_STATE_HOME'] || join(home, '.local', 'state'), 'warpmap');
  }
}
