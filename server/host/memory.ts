import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** Bytes that this machine has, or that its container may have of them. */
export function machineMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** How many processes of this container the kernel has killed for want of memory; 0 where it does not tell. */
export function memoryKills(): number {
  try {
    const events = readFileSync('/sys/fs/cgroup/memory.events', 'utf8');
    return Number(/^oom_kill (?<count>\d+)$/m.exec(events)?.groups?.['count'] ?? 0);
  } catch {
    return 0;
  }
}
