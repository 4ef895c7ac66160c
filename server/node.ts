import type { Logger } from 'pino';
import type { Admission } from './admission.ts';
import type { Deployments } from './apps/deployments.ts';
import type { Calls } from './calls.ts';
import type { Clock } from './clock.ts';
import type { DurableCalls } from './durable/calls.ts';
import type { NodeFunctions } from './functions.ts';
import type { Journal } from './journal/journal.ts';
import type { Limits } from './limits.ts';
import type { Turns } from './map/turns.ts';
import type { Metrics } from './metrics.ts';
import type { Replays } from './replay/replays.ts';
import type { NodeState } from './state.ts';
import type { Storage } from './storage.ts';
import type { NodeVolumes } from './volume/node-volumes.ts';
import type { Streams } from './stream/streams.ts';

/** The parts of one node, as its routes see them. */
export interface Node {
  readonly state: NodeState;
  readonly functions: NodeFunctions;
  readonly deployments: Deployments;
  readonly admission: Admission;
  readonly calls: Calls;
  readonly replays: Replays;
  readonly streams: Streams;
  readonly journal: Journal;
  readonly storage: Storage;
  readonly volumes: NodeVolumes;
  readonly durable: DurableCalls;
  readonly metrics: Metrics;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly log: Logger;
}
