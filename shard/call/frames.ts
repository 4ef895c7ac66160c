/** Chunks of a call, and pages of what became of its inputs, as they travel; see docs/wire.md. */
import { Chunks } from '../wire/chunks.ts';
import { invalid } from '../wire/limits.ts';
import { Reader } from '../wire/reader.ts';
import { packValue, unpackValue } from '../wire/values.ts';
import { Writer } from '../wire/writer.ts';
import { type CallChunk, type CallOutcome, MAX_CHUNK_INDEX, MAX_CHUNK_INPUTS } from './contract.ts';
import { parseCallFailure } from './failure.ts';
import {
  checkBlock,
  HEAD_BYTES,
  type Record,
  readHead,
  readRecord,
  readWhole,
  recordParts,
  writeHead,
  writeWhole,
} from './records.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export const CHUNKS_MEDIA_TYPE = 'application/x-warpmap-chunks';
export const OUTCOMES_MEDIA_TYPE = 'application/x-warpmap-outcomes';

/** The fourth byte of a body. */
const CHUNKS = 0x43;
const OUTCOMES = 0x4f;

const OUTPUTS = 0;
const FAILURE = 1;

/** A page of what became of the inputs of a call. */
export interface CallOutcomes {
  readonly outcomes: readonly CallOutcome[];
  /** Where the next page begins. */
  readonly next: number;
  /** Whether no more will come, as the call is now. */
  readonly end: boolean;
}

/** The body that brings chunks; their blocks are not copied. */
export function encodeChunks(chunks: readonly CallChunk[]): Chunks {
  const writer = new Writer(HEAD_BYTES);
  writeHead(writer, CHUNKS, chunks.length);
  const records = chunks.map(({ index, first, count, block }) => ({ tag: index, first, count, bytes: block }));
  return new Chunks([writer.finish(), ...records.flatMap(recordParts)]);
}

/** The chunks of a body, whose blocks are views of it; no value in them is looked at. Throws `FRAME_INVALID`. */
export function decodeChunks(body: Bytes): CallChunk[] {
  const reader = new Reader(body);
  const count = readHead(reader, CHUNKS);
  const chunks: CallChunk[] = [];
  while (chunks.length < count) chunks.push(chunkOf(readRecord(reader)));
  reader.end('the chunks');
  return chunks;
}

function chunkOf({ tag: index, first, count, bytes }: Record): CallChunk {
  if (count > MAX_CHUNK_INPUTS) throw invalid(`A chunk has ${count} inputs; the limit is ${MAX_CHUNK_INPUTS}`);
  if (index > MAX_CHUNK_INDEX) throw invalid(`A chunk has number ${index}; the limit is ${MAX_CHUNK_INDEX}`);
  checkBlock(bytes, count);
  return { index, first, count, block: bytes };
}

/** The body of a page; its blocks are not copied. */
export function encodeOutcomes({ outcomes, next, end }: CallOutcomes): Chunks {
  const writer = new Writer(HEAD_BYTES + 16);
  writeHead(writer, OUTCOMES, outcomes.length);
  writeWhole(writer, next);
  writer.pair(Number(end), 0);
  return new Chunks([writer.finish(), ...outcomes.flatMap((outcome) => recordParts(recordOf(outcome)))]);
}

/** The page that a body has; its blocks are views of it. Throws `FRAME_INVALID`. */
export function decodeOutcomes(body: Bytes): CallOutcomes {
  const reader = new Reader(body);
  const count = readHead(reader, OUTCOMES);
  const next = readWhole(reader, 'where the next page begins');
  const end = reader.word('whether more will come');
  if (end > 1) throw invalid(`Expected whether more will come to be 0 or 1, got ${end}`);
  const outcomes: CallOutcome[] = [];
  while (outcomes.length < count) outcomes.push(outcomeOf(readRecord(reader)));
  reader.end('the outcomes');
  return { outcomes, next, end: end === 1 };
}

function recordOf(outcome: CallOutcome): Record {
  const { first } = outcome;
  if (outcome.kind === 'outputs') return { tag: OUTPUTS, first, count: outcome.count, bytes: outcome.block };
  // A copy, since the packer writes over it the next time.
  return { tag: FAILURE, first, count: 1, bytes: Uint8Array.from(packValue(outcome.failure)) };
}

function outcomeOf({ tag, first, count, bytes }: Record): CallOutcome {
  if (tag === OUTPUTS) {
    checkBlock(bytes, count);
    return { kind: 'outputs', first, count, block: bytes };
  }
  if (tag !== FAILURE || count !== 1) throw invalid(`A record of ${count} inputs has the unknown tag ${tag}`);
  const { value, length } = unpackValue(bytes);
  if (length !== bytes.length) throw invalid('Bytes are left over after a failure');
  return { kind: 'failure', first, failure: parseCallFailure(value) };
}
