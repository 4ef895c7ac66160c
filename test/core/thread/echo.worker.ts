/** A thread that does on request what threads do well and badly. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreError } from '../../../core/errors.ts';
import type { CallContext } from '../../../core/thread/contract.ts';
import { serveThread } from '../../../core/thread/serve.ts';
import { Transferred } from '../../../core/thread/transferred.ts';
import { ModelError } from '../../../models/errors.ts';

export type EchoMethods = {
  echo(value: unknown): unknown;
  double(values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer>;
  fail(kind: 'core' | 'model' | 'type' | 'plain' | 'cyclic' | 'nothing'): never;
  uncloneable(): unknown;
  /** Resolves when `release` is called with the same name. */
  hold(name: string): string;
  release(name: string): void;
  /** Whether the signal of the last `hold` aborted, and with which error. */
  lastAbort(): string | undefined;
  exit(code: number): void;
  crash(): void;
  block(milliseconds: number): void;
  stubborn(): void;
};

export interface EchoData {
  readonly failSetUp?: boolean;
  readonly disposed?: Int32Array<SharedArrayBuffer>;
  readonly disposeFails?: boolean;
}

const held = new Map<string, PromiseWithResolvers<string>>();
let lastAbort: string | undefined;

void serveThread<EchoMethods>((data) => {
  const { failSetUp, disposed, disposeFails } = data as EchoData;
  if (failSetUp) throw new ModelError('MODEL_INVALID', 'set-up was told to fail');
  return {
    methods: {
      echo: (value) => value,
      double: (values) => {
        for (let i = 0; i < values.length; i++) values[i]! *= 2;
        return new Transferred(values, [values.buffer]);
      },
      fail: (kind) => {
        switch (kind) {
          case 'core':
            throw new CoreError('OUT_OF_MEMORY', 'no room', { cause: new RangeError('inner') });
          case 'model':
            throw new ModelError('MODEL_UNSUPPORTED', 'odd model');
          case 'type':
            throw new TypeError('wrong type');
          case 'plain':
            throw Object.assign(new Error('plain'), { name: 'OddError', code: 'E_ODD' });
          case 'cyclic': {
            const error = new Error('cyclic');
            error.cause = error;
            throw error;
          }
          case 'nothing':
            throw undefined;
        }
      },
      uncloneable: () => () => {},
      hold: async (name, { signal }: CallContext) => {
        const gate = Promise.withResolvers<string>();
        held.set(name, gate);
        signal.addEventListener('abort', () => {
          lastAbort = (signal.reason as Error).name;
          gate.reject(signal.reason);
        });
        return gate.promise;
      },
      release: (name) => held.get(name)?.resolve(name),
      lastAbort: () => lastAbort,
      // oxlint-disable-next-line unicorn/no-process-exit -- what a crash looks like from outside
      exit: (code) => process.exit(code),
      crash: () => {
        queueMicrotask(() => {
          throw new RangeError('boom');
        });
      },
      block: (milliseconds) => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
      },
      stubborn: () => sleep(600_000, undefined, { ref: true }),
    },
    dispose: () => {
      if (disposeFails) throw new CoreError('RUNTIME_FAILED', 'would not let go');
      if (disposed) Atomics.add(disposed, 0, 1);
    },
  };
});
