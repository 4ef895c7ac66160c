/** The functions that are mapped, as a user writes them: they run in worker processes of the node. */
import { App } from '../../index.ts';
import { vectorOf } from './work.ts';

export const app: App = new App('bench');
export const echo = app.function('echo', (value: number) => value);
export const vector = app.function('vector', vectorOf);

/** The same, given many inputs at once. */
export const echoes = app.batched('echoes', { maxBatchSize: 16_384 }, (values: number[]) => values);
export const vectors = app.batched('vectors', { maxBatchSize: 16_384 }, (values: number[]) => values.map(vectorOf));
