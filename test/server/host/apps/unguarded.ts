import { App, connect } from 'warpmap';

export const app: App = new App('unguarded');
await using _warp = await connect({ app: import.meta.url });
