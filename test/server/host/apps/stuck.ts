import { App } from 'warpmap';

export const app: App = new App('stuck');
process.stderr.write('the app loads for ever\n');
await new Promise(() => setInterval(() => {}, 60_000));
