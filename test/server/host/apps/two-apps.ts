import { App } from 'warpmap';
export const one: App = new App('one');
export const other: App = new App('other');
