import { totalmem } from 'node:os';

/** Bytes that this machine has, or that its container may have of them. */
export function machineMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
