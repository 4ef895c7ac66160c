/** How the verbs of a store travel between nodes: their arguments and what they resolve to, as one MessagePack value. */
import type { CallFailure, CallLogLine, CallOutcome } from '../../../shard/call/contract.ts';
import { packValue, unpackValue } from '../../../shard/wire/values.ts';
import type { Acknowledgement, ChunkStore, OutcomesPage } from '../contract.ts';
import { packFailure, packLine, unpackPlain } from '../pack.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export const STORE_MEDIA_TYPE = 'application/vnd.warpmap.store';
/** Bytes of an answer at most; pages of outcomes are far smaller, leases as large as what was appended. */
export const MAX_ANSWER_BYTES: number = 512 * 2 ** 20;

export type Verb = Exclude<keyof ChunkStore, 'id' | typeof Symbol.asyncDispose>;

/** Whether a verb may be asked for again where its answer was not heard: it then does nothing more, and answers the same. */
export const repeatable: { readonly [Name in Verb]: boolean } = {
  create: true,
  append: true,
  seal: true,
  // By its number, under which the owner keeps the leases for a while.
  claim: true,
  renew: true,
  acknowledge: true,
  status: true,
  list: true,
  outcomes: true,
  cancel: true,
  remove: true,
  logs: true,
  backlog: true,
  // The second time they would tell of nothing, or a line would be there twice.
  retry: false,
  purge: false,
  log: false,
};

export function isVerb(name: string): name is Verb {
  return Object.hasOwn(repeatable, name);
}

export function packBody(value: unknown): Bytes {
  return Uint8Array.from(packValue(value));
}

/** Throws `FRAME_INVALID`. */
export function unpackBody(bytes: Bytes): unknown {
  return unpackValue(bytes).value;
}

/** What can't travel in the details of a failure, or in the fields of a line, is left out rather than refused. */
interface PackedOutcome {
  readonly first: number;
  readonly packed: Bytes;
}

type SentOutcome = Exclude<CallOutcome, { kind: 'failure' }> | PackedOutcome;
export type SentAcknowledgement = Omit<Acknowledgement, 'outcomes'> & { readonly outcomes: readonly SentOutcome[] };
export type SentPage = Omit<OutcomesPage, 'outcomes'> & { readonly outcomes: readonly SentOutcome[] };

export function sendAcknowledgement({ lease, outcomes, ...rest }: Acknowledgement): SentAcknowledgement {
  const { call, index, fence } = lease;
  return { ...rest, lease: { call, index, fence }, outcomes: outcomes.map(sendOutcome) };
}

export function receiveAcknowledgement({ outcomes, ...rest }: SentAcknowledgement): Acknowledgement {
  return { ...rest, outcomes: outcomes.map(receiveOutcome) };
}

export function sendPage({ outcomes, ...rest }: OutcomesPage): SentPage {
  return { ...rest, outcomes: outcomes.map(sendOutcome) };
}

export function receivePage({ outcomes, ...rest }: SentPage): OutcomesPage {
  return { ...rest, outcomes: outcomes.map(receiveOutcome) };
}

export function sendLines(lines: readonly CallLogLine[]): Bytes[] {
  return lines.map(packLine);
}

export function receiveLines(lines: readonly Bytes[]): CallLogLine[] {
  return lines.map((line) => unpackPlain<CallLogLine>(line));
}

function sendOutcome(outcome: CallOutcome): SentOutcome {
  return outcome.kind === 'failure' ? { first: outcome.first, packed: packFailure(outcome.failure) } : outcome;
}

function receiveOutcome(outcome: SentOutcome): CallOutcome {
  if ('packed' in outcome) {
    return { kind: 'failure', first: outcome.first, failure: unpackPlain<CallFailure>(outcome.packed) };
  }
  return { ...outcome, block: plain(outcome.block) };
}

/** The reader of MessagePack makes Buffers. */
export function plain(bytes: Bytes): Bytes {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
