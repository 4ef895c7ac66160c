import { join } from 'node:path';
import test from 'ava';
import { dataDirectory } from '../../cli/data.ts';

const lies = test.macro({
  title: (_, platform: NodeJS.Platform, env: Record<string, string>, expected: string) =>
    `on ${platform}${Object.keys(env).length > 0 ? ` with ${Object.keys(env).join()}` : ''} the data lie in ${expected}`,
  exec(t, platform: NodeJS.Platform, env: Record<string, string>, expected: string) {
    t.is(dataDirectory(env, platform, '/home/me'), join(expected));
  },
});

test(lies, 'linux', {}, '/home/me/.local/state/warpmap');
test(lies, 'linux', { XDG_STATE_HOME: '/state' }, '/state/warpmap');
test(lies, 'freebsd', {}, '/home/me/.local/state/warpmap');
test(lies, 'darwin', { XDG_STATE_HOME: '/state' }, '/home/me/Library/Application Support/warpmap');
test(lies, 'win32', { LOCALAPPDATA: '/local' }, '/local/warpmap');
test(lies, 'win32', {}, '/home/me/AppData/Local/warpmap');
