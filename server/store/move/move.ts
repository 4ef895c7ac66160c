import { ServerError } from '../../errors.ts';
import type { Objects } from '../../objects/contract.ts';
import type { CallContents, CallRecord, ChunkRecord, Movable, OutcomeRecord } from './contract.ts';

/** What was moved now, and what was there already, of an earlier move that was cut off. */
export interface Moved {
  calls: number;
  callsBefore: number;
  chunks: number;
  outcomes: number;
  lines: number;
  objects: number;
  objectsBefore: number;
  /** Of the objects. */
  bytes: number;
}

export interface Place {
  readonly store: Movable;
  readonly objects: Objects;
}

/**
 * Copies all that there is in one place to another: calls, with inputs, outcomes and logs, and objects. What is there
 * already stays; so it goes on where it was cut off. The first place is left as it is. Throws `STORE_BUSY` while a node
 * leases chunks of it, or changes a call that is being read. `onCall` hears of each call that is done with.
 */
export async function moveAll(from: Place, to: Place, onCall: (moved: Moved) => void = () => {}): Promise<Moved> {
  const moved = { calls: 0, callsBefore: 0, chunks: 0, outcomes: 0, lines: 0, objects: 0, objectsBefore: 0, bytes: 0 };
  await refuseLeases(from.store);
  // First, since calls may mean objects.
  await moveObjects(from.objects, to.objects, moved);
  const there = new Set(await to.store.calls());
  for (const id of await from.store.calls()) {
    if (there.has(id)) moved.callsBefore++;
    else await moveCall(from.store, to.store, { id, moved });
    onCall(moved);
  }
  await refuseLeases(from.store);
  return moved;
}

async function refuseLeases(store: Movable): Promise<void> {
  const leases = await store.leases();
  if (leases === 0) return;
  throw new ServerError(
    'STORE_BUSY',
    `Nodes run ${leases} chunks of ${store.name}; stop them, wait until their leases are over (\`leaseMs\`), and move again`,
  );
}

async function moveCall(
  from: Movable,
  to: Movable,
  { id, moved }: { readonly id: string; readonly moved: Moved },
): Promise<void> {
  const contents = await from.read(id);
  // It was removed meanwhile.
  if (!contents) return;
  const counted = countCall(contents);
  await to.write(counted.contents, () => counted.check(from.name));
  moved.calls++;
  moved.chunks += counted.tally.chunks;
  moved.outcomes += counted.tally.outcomes;
  moved.lines += counted.tally.lines;
}

interface Tally {
  chunks: number;
  inputs: number;
  settled: number;
  outcomes: number;
  done: number;
  failed: number;
  lines: number;
}

/** The same contents, counted as they pass, each time anew, to be compared with what the call says that it has. */
function countCall({ call, chunks, outcomes, lines }: CallContents): {
  readonly contents: CallContents;
  readonly tally: Tally;
  check(name: string): void;
} {
  const tally: Tally = { chunks: 0, inputs: 0, settled: 0, outcomes: 0, done: 0, failed: 0, lines: 0 };
  const contents = {
    call,
    chunks: () => {
      Object.assign(tally, { chunks: 0, inputs: 0, settled: 0 });
      return tap(chunks(), ({ count, settled }: ChunkRecord) => {
        tally.chunks++;
        tally.inputs += count;
        tally.settled += settled;
      });
    },
    outcomes: () => {
      Object.assign(tally, { outcomes: 0, done: 0, failed: 0 });
      return tap(outcomes(), ({ count, failure }: OutcomeRecord) => {
        tally.outcomes++;
        if (failure) tally.failed++;
        else tally.done += count;
      });
    },
    lines: () => {
      tally.lines = 0;
      return tap(lines(), () => tally.lines++);
    },
  };
  return { contents, tally, check: (name) => compare(call, tally, name) };
}

function compare(call: CallRecord, tally: Tally, name: string): void {
  const same =
    tally.chunks === call.chunks &&
    tally.inputs === call.inputs &&
    tally.done === call.done &&
    tally.failed === call.failed &&
    tally.settled === call.done + call.failed;
  if (same) return;
  throw new ServerError(
    'STORE_BUSY',
    `Call ${call.id} of ${name} was changed while it was copied; stop all nodes and clients that use it, and move again`,
  );
}

async function* tap<Item>(items: AsyncIterable<Item>, see: (item: Item) => void): AsyncGenerator<Item> {
  for await (const item of items) {
    see(item);
    yield item;
  }
}

async function moveObjects(from: Objects, to: Objects, moved: Moved): Promise<void> {
  for await (const { key, bytes, modified } of from.list('')) {
    const there = await to.stat(key);
    if (there && there.bytes === bytes && there.modified >= modified) {
      moved.objectsBefore++;
      continue;
    }
    const stream = await from.read(key);
    if (!stream) continue;
    await to.write(key, stream);
    const written = await to.stat(key);
    if (written?.bytes !== bytes) {
      throw new ServerError('STORE_BUSY', `Object ${key} of ${from.name} was changed while it was copied; move again`);
    }
    moved.objects++;
    moved.bytes += bytes;
  }
}
