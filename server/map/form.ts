/** The contract of the two forms in which a batch travels: frames and JSON. */
import type { IncomingMessage } from 'node:http';
import type { BatchEnd, BatchHead } from '../../shard/wire/message.ts';
import type { Outputs } from '../../core/functions/contract.ts';
import type { Block } from '../../shard/wire/block.ts';
import type { Limits } from '../limits.ts';
import type { Piece } from '../replay/recording.ts';
import type { ErrorBody } from '../status.ts';
import type { Turns } from './turns.ts';

export interface MapRequest {
  readonly head: BatchHead;
  readonly inputs: BatchInputs;
  /** The client has named no call, so that nobody can ask for this batch again. Default: `false`. */
  readonly anonymous?: boolean;
}

/** The inputs of a batch, as whoever runs it wants them. */
export interface BatchInputs {
  readonly count: number;
  /** For those who hand them on. */
  blocks(): readonly Block[];
  /** Throws `FRAME_INVALID`. */
  values(turns: Turns): Promise<readonly unknown[]>;
}

export interface Form {
  readonly requestType: string;
  readonly responseType: string;
  /** Reads a whole request, and hands its bytes to `take` as they arrive. Throws `FRAME_INVALID` or `BODY_TOO_LARGE`. */
  read(request: IncomingMessage, limits: Limits, take: (chunk: Buffer) => void): Promise<MapRequest>;
  /** In pieces, each whole in itself and made only when asked for, so that the event loop can breathe between them. */
  outputs(first: number, outputs: Outputs): Iterable<Piece>;
  /** The same of outputs that came encoded. */
  encoded(first: number, block: Block): Iterable<Piece>;
  failure(index: number, error: ErrorBody): Uint8Array | string;
  end(end: BatchEnd): Uint8Array | string;
  error(error: ErrorBody): Uint8Array | string;
  /** A sign of life, where the form has one. */
  beat(): Uint8Array | undefined;
}
