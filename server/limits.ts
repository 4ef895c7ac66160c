import { ServerError } from './errors.ts';

/** Bounds on what one client, or all of them, can make this node hold or do. */
export interface Limits {
  /** Bytes of a request body of frames, and so of one input. Default: 128 MiB. */
  readonly bodyBytes: number;
  /** Bytes of a JSON request body; smaller, since it is parsed in one go. Default: 4 MiB. */
  readonly jsonBytes: number;
  /** Bytes of a bundle that is deployed. Default: 64 MiB. */
  readonly bundleBytes: number;
  /** Bytes of one frame's payload. Default: 128 MiB. */
  readonly frameBytes: number;
  /** Inputs in one batch. Default: 65,536. */
  readonly batchInputs: number;
  /** Batches that are being received or run. More are refused with `OVERLOADED`. Default: 256. */
  readonly batchesInFlight: number;
  /** Inputs of all those batches together. Default: 262,144. */
  readonly inputsInFlight: number;
  /** Bytes of the bodies of all those batches together. Default: 1 GiB. */
  readonly bytesInFlight: number;
  /** Milliseconds from the first byte of a request to its last. Default: 60,000. */
  readonly requestMs: number;
  /** Milliseconds for the headers of a request. Default: 10,000. */
  readonly headersMs: number;
  /** Milliseconds that one batch may run. Default: 600,000. */
  readonly batchMs: number;
  /** Milliseconds that a client may leave its answer unread before its batch is dropped. Default: 60,000. */
  readonly stallMs: number;
  /** Milliseconds that a batch runs on without a client, and that its answer is kept after its end. Default: 5,000. */
  readonly replayMs: number;
  /** Bytes of answers that are kept for clients that were cut off; the oldest are forgotten above it. Default: 64 MiB. */
  readonly replayBytes: number;
  /** Milliseconds after its last use that the journal of a map's key is kept. Default: 7 days. */
  readonly journalMs: number;
  /** Bytes of the journals of all keys; above it those that were not used for longest are forgotten. Default: 10 GiB. */
  readonly journalBytes: number;
  /** Milliseconds after its end that a durable call is kept, with its outputs. Default: 7 days. */
  readonly callMs: number;
  /** Milliseconds that other nodes wait for one that is silent before they run its chunks. Default: 15,000. */
  readonly leaseMs: number;
}

export const defaultLimits: Limits = {
  bodyBytes: 128 * 1024 * 1024,
  jsonBytes: 4 * 1024 * 1024,
  bundleBytes: 64 * 1024 * 1024,
  frameBytes: 128 * 1024 * 1024,
  batchInputs: 65_536,
  batchesInFlight: 256,
  inputsInFlight: 262_144,
  bytesInFlight: 1024 * 1024 * 1024,
  requestMs: 60_000,
  headersMs: 10_000,
  batchMs: 600_000,
  stallMs: 60_000,
  replayMs: 5_000,
  replayBytes: 64 * 1024 * 1024,
  journalMs: 7 * 24 * 60 * 60 * 1000,
  journalBytes: 10 * 1024 * 1024 * 1024,
  callMs: 7 * 24 * 60 * 60 * 1000,
  leaseMs: 15_000,
};

/** The defaults with some replaced. Throws `OPTION_INVALID` for an unknown name or a value below 1. */
export function settleLimits(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      const names = Object.keys(defaultLimits).join(', ');
      throw new ServerError('OPTION_INVALID', `There is no limit \`${name}\`; the limits are ${names}`);
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new ServerError(
        'OPTION_INVALID',
        `Expected limits.${name} to be an integer from 1 and up, got ${String(value)}`,
      );
    }
  }
  return { ...defaultLimits, ...given };
}
