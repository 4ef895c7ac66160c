import { App } from 'warpmap';
export const app: App = new App('never');
throw new RangeError('the app is out of range');
