/** The function of a durable call, as a user writes it. */
import { App } from '../../index.ts';

/** What is asked of a worker in place of an echo. */
export const WHO = -1;

export const app: App = new App('bench');

/** One worker, so that there are two in all, as the peers have. */
export const echo = app.function('echo', { minWorkers: 1, maxWorkers: 1 }, (value: number) =>
  value === WHO ? process.pid : value,
);
