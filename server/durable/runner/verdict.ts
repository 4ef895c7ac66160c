import { answerTo } from '../../status.ts';
import type { RemoteError } from '../../../shard/wire/message.ts';

/**
 * What it means that inputs broke off together: one of them is at fault (`inputs`); whoever runs them will find the same
 * (`final`); another node may be able to, or this one later (`elsewhere`); or nobody knows (`fault`).
 */
export type Verdict = 'inputs' | 'final' | 'elsewhere' | 'fault';

const VERDICTS: ReadonlyMap<string, Verdict> = new Map([
  ...verdict('inputs', ['INPUT_INVALID', 'FUNCTION_FAILED', 'COLLECTION_MISMATCH', 'ID_NOT_FOUND', 'OUT_OF_MEMORY']),
  ...verdict('final', ['FRAME_INVALID', 'OPTION_INVALID']),
  ...verdict('elsewhere', [
    'FUNCTION_NOT_FOUND',
    'COLLECTION_NOT_FOUND',
    'WORKER_UNAVAILABLE',
    'APP_INVALID',
    'STORE_UNAVAILABLE',
    'OBJECTS_UNAVAILABLE',
    'DEVICE_NOT_FOUND',
    'DEVICE_LOST',
    'RUNTIME_UNAVAILABLE',
    'THREAD_CRASHED',
    'DISPOSED',
    'NODE_NOT_READY',
    'NODE_DRAINING',
    'OVERLOADED',
  ]),
]);

export function verdictOf({ code }: RemoteError): Verdict {
  return VERDICTS.get(code) ?? 'fault';
}

/** What is wrong with the input itself stays wrong, and what brought nodes down has had its tries. */
const FINAL: ReadonlySet<string> = new Set(['INPUT_INVALID', 'INPUT_LOST', 'FRAME_INVALID', 'OPTION_INVALID']);

export function mayRetry({ code }: RemoteError): boolean {
  return !FINAL.has(code);
}

/** An error as it is stored. */
export function remoteOf(error: unknown): RemoteError {
  const { code, message, details } = answerTo(error).error;
  return { code, message, ...(details && { details }) };
}

function verdict(each: Verdict, codes: readonly string[]): (readonly [string, Verdict])[] {
  return codes.map((code) => [code, each]);
}
