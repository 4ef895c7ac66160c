import type { CallLogLine, CallStatus } from '../../shard/call/contract.ts';
import { count, duration, perSecond } from '../../sdk/progress/terminal.ts';

/** A call in a line of a list. */
export function listLine({ id, function: name, version, state, counts, created }: CallStatus): string {
  const failed = counts.failed > 0 ? `, ${count(counts.failed)} failed` : '';
  const done = `${count(counts.done)}/${count(counts.inputs)} done${failed}`;
  return `${id}  ${timeOf(created)}  ${state.padEnd(9)}  ${nameOf(name, version)}  ${done}\n`;
}

/** All that is known of a call, for a person. */
export function describeCall(call: CallStatus): string {
  const { id, key, state, counts, rate, etaSeconds, created, finished, expires } = call;
  const rows: [string, string | undefined][] = [
    ['call', id],
    ['function', nameOf(call.function, call.version)],
    ['key', key],
    ['state', state === 'open' ? 'open: inputs may still come' : state],
    ['inputs', `${count(counts.inputs)}: ${partsOf(counts)}`],
    ['rate', rate > 0 ? perSecond(rate) : undefined],
    ['left', etaSeconds === undefined ? undefined : duration(etaSeconds)],
    ['created', timeOf(created)],
    ['finished', finished === undefined ? undefined : timeOf(finished)],
    ['kept until', expires === undefined ? undefined : timeOf(expires)],
  ];
  return rows.flatMap(([name, text]) => (text === undefined ? [] : `${name.padEnd(12)}${text}\n`)).join('');
}

export function describeLine({ time, level, message, index, node, fields }: CallLogLine): string {
  const at = index === undefined ? '' : ` [${index}]`;
  const more = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
  return `${new Date(time).toISOString()} ${level.padEnd(5)} ${node}${at} ${message}${more}\n`;
}

function nameOf(name: string, version: number | undefined): string {
  return version === undefined ? name : `${name}@${version}`;
}

function partsOf({ pending, running, done, failed, cancelled, retried }: CallStatus['counts']): string {
  const parts = { done, running, pending, failed, cancelled };
  const told = Object.entries(parts).filter(([name, value]) => value > 0 || name === 'done');
  const words = told.map(([name, value]) => `${count(value)} ${name}`).join(', ');
  return retried > 0 ? `${words}; tried again ${count(retried)} times` : words;
}

/** UTC, to the second. */
function timeOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
