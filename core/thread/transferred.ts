import type { Transferable } from 'node:worker_threads';

/** A method's result together with the buffers that move to the caller instead of being copied. */
export class Transferred<Value> {
  readonly value: Value;
  readonly transfer: readonly Transferable[];

  constructor(value: Value, transfer: readonly Transferable[]) {
    this.value = value;
    this.transfer = transfer;
  }
}
