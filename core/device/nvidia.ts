import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ProbeOptions } from './probe/probe.ts';

export interface NvidiaCard {
  readonly name: string;
  readonly memoryBytes?: number;
  readonly uuid?: string;
}

export interface Nvidia {
  /** Version of the driver, where one is loaded. */
  readonly driver: string | undefined;
  readonly cards: readonly NvidiaCard[];
}

/** What the NVIDIA driver tells about its cards, less those hidden by `CUDA_VISIBLE_DEVICES`. */
export async function readNvidia(options: ProbeOptions): Promise<Nvidia> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  execFile(
    'nvidia-smi',
    ['--query-gpu=driver_version,memory.total,uuid,name', '--format=csv,noheader,nounits'],
    { timeout: options.timeoutMs, ...(options.signal && { signal: options.signal }) },
    (error, stdout) => resolve(error ? undefined : stdout),
  );
  const table = await promise;
  options.signal?.throwIfAborted();
  // Containers without the utility capability have a driver and no nvidia-smi.
  if (table === undefined) return { driver: readDriverVersion(), cards: [] };
  const { driver, cards } = parseNvidiaSmi(table);
  return { driver, cards: visibleCards(cards, process.env['CUDA_VISIBLE_DEVICES']) };
}

/** Reads lines of `driver_version, memory.total (MiB), uuid, name`. */
export function parseNvidiaSmi(table: string): Nvidia {
  const rows = table.split('\n').flatMap((line) => {
    const [driver, memory, uuid, ...name] = line.split(',').map((cell) => cell.trim());
    if (driver === undefined || uuid === undefined || name.length === 0) return [];
    const mib = Number(memory); // `[N/A]` on cards that share the host's memory.
    return [
      {
        driver,
        card: { name: name.join(', '), uuid, ...(mib > 0 && { memoryBytes: mib * 2 ** 20 }) },
      },
    ];
  });
  return { driver: rows[0]?.driver, cards: rows.map(({ card }) => card) };
}

/** The cards in CUDA's order: it numbers what `CUDA_VISIBLE_DEVICES` lists, and stops at the first that is not there. */
export function visibleCards(cards: readonly NvidiaCard[], visible: string | undefined): NvidiaCard[] {
  if (visible === undefined) return [...cards];
  const listed: NvidiaCard[] = [];
  for (const entry of visible.split(',').map((part) => part.trim())) {
    const card = /^\d+$/.test(entry)
      ? cards[Number(entry)]
      : cards.find(({ uuid }) => entry.startsWith('GPU-') && uuid?.startsWith(entry) === true);
    if (card === undefined) break;
    listed.push(card);
  }
  return listed;
}

function readDriverVersion(): string | undefined {
  try {
    return /Kernel Module(?: for \S+)?\s+([\d.]+)/.exec(readFileSync('/proc/driver/nvidia/version', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
