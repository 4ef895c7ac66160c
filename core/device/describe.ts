import { CoreError } from '../errors.ts';
import { chooseDevice } from './choose.ts';
import type { Device, DeviceRequest, Finding } from './contract.ts';
import { parseDeviceRequest } from './request.ts';

/** Columns at which explanations wrap. The table itself is as wide as it must be. */
const WIDTH = 100;
const HEADER = ['DEVICE', 'STATUS', 'NAME', 'DRIVER', 'MEMORY', 'FEATURES'];

/**
 * The findings as `warpmap doctor` prints them: an aligned table, under each missing device why and what to do, and
 * last what `auto` chooses, and what `WARPMAP_DEVICE` of `env` does where it is set. No trailing newline.
 */
export function describeFindings(
  findings: readonly Finding[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const rows = findings.map((finding) => cellsOf(finding));
  const widths = HEADER.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const table = findings.flatMap((finding, index) => [line(rows[index] ?? []), ...explain(finding)]);
  return [line(HEADER), ...table, '', ...describeChoice('auto', 'auto', findings), ...describeWish(env, findings)].join(
    '\n',
  );
}

function cellsOf(finding: Finding): string[] {
  if (finding.status === 'missing') {
    return [finding.kind, 'missing', finding.software === true ? 'emulated GPU' : '-', '-', '-', '-'];
  }
  const { device } = finding;
  return [
    `${device.kind}:${device.index}`,
    device.software ? 'emulated' : 'found',
    device.name,
    device.driver ?? '-',
    device.memoryBytes === undefined ? '-' : gibibytes(device.memoryBytes),
    device.features.length === 0 ? '-' : device.features.join(' '),
  ];
}

function explain(finding: Finding): string[] {
  if (finding.status === 'missing') {
    return [...wrap('  why   ', finding.reason), ...wrap('  mend  ', finding.mend)];
  }
  return finding.device.software
    ? wrap('  why   ', 'a driver emulates it on the CPU; only the request `software` takes it')
    : [];
}

function describeWish(env: Readonly<Record<string, string | undefined>>, findings: readonly Finding[]): string[] {
  const wish = env['WARPMAP_DEVICE']?.trim();
  if (wish === undefined || wish === '') return [];
  const name = `WARPMAP_DEVICE=${wish}`;
  try {
    return describeChoice(name, parseDeviceRequest(wish), findings);
  } catch (error) {
    return wrap(`${name} is refused: `, refusal(error));
  }
}

function describeChoice(name: string, request: DeviceRequest, findings: readonly Finding[]): string[] {
  try {
    return [`${name} chooses ${label(chooseDevice(request, findings))}`];
  } catch (error) {
    return wrap(`${name} finds nothing: `, refusal(error));
  }
}

function refusal(error: unknown): string {
  if (error instanceof CoreError) return error.message;
  throw error;
}

/** Lines of at most `WIDTH` columns, all but the first indented. What stands between backticks stays whole, to be copied. */
function wrap(head: string, text: string): string[] {
  const lines: string[] = [];
  let line = head.trimEnd();
  const indent = ' '.repeat(head.startsWith(' ') ? head.length : 2);
  for (const word of text.match(/(?:`[^`]*`|\S)+/g) ?? []) {
    const next = line === head.trimEnd() ? head + word : `${line} ${word}`;
    if (next.length > WIDTH && line !== '') {
      lines.push(line);
      line = indent + word;
    } else {
      line = next;
    }
  }
  return [...lines, line];
}

function label(device: Device): string {
  return `${device.kind}:${device.index}, ${device.name}`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
