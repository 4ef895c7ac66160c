import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { contexts } from '../../../shard/app/context.ts';
import type { LogEntry } from '../messages.ts';
import type { Channel } from './channel.ts';
import { Run } from './run.ts';

const MAX_CHARACTERS = 16_384;

/** Makes `console` write to the node's log, tagged with the run that calls it. */
export function redirectConsole(channel: Channel): void {
  const stream = (level: LogEntry['level']): Writable =>
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        const run = contexts.getStore();
        const message = text.replace(/\n$/, '').slice(0, MAX_CHARACTERS);
        channel.send({ type: 'log', entry: { level, message, ...(run instanceof Run && { run: run.named() }) } });
        done();
      },
    });
  const errors = new Console(stream('error'));
  const console = new Console({ stdout: stream('info'), stderr: stream('warn') });
  console.error = (...data: unknown[]) => errors.log(...data);
  globalThis.console = console;
}
