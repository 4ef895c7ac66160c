/** What every ChunkStore must do, wherever its calls lie. */
import { anyOrder } from './conformance/any-order.ts';
import { beginning } from './conformance/begin.ts';
import { ending } from './conformance/ending.ts';
import { hostile } from './conformance/hostile.ts';
import { leasing } from './conformance/leases.ts';
import { reading } from './conformance/reading.ts';
import { checks, type Subject } from './conformance/stage.ts';

export type { Stage, Subject } from './conformance/stage.ts';

export function chunkStoreConformance(subject: Subject): void {
  const check = checks(subject);
  for (const part of [beginning, leasing, reading, ending, hostile]) part(check);
  anyOrder(check, subject.plays);
}
