/** An app of large inputs and outputs. */
import { App } from 'warpmap';

export const app: App = new App('large');

export const size = app.function('size', (input: Uint8Array | string) => input.length);

export const bytes = app.function('bytes', (length: number) => new Uint8Array(length).fill(7));

export const text = app.function('text', (length: number) => 'é'.repeat(length));
