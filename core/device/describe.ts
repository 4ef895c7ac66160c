import { CoreError } from '../errors.ts';
import { chooseDevice } from './choose.ts';
import type { Device, Finding } from './contract.ts';

const HEADER = ['DEVICE', 'STATUS', 'NAME', 'DRIVER', 'MEMORY', 'FEATURES'];

/**
 * The findings as `warpmap doctor` prints them: an aligned table, under each missing device why and what to do, and
 * last what `auto` chooses. No trailing newline.
 */
export function describeFindings(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => cellsOf(finding));
  const widths = HEADER.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const table = findings.flatMap((finding, index) => [
    line(rows[index] ?? []),
    ...explain(finding),
  ]);
  return [line(HEADER), ...table, '', describeChoice(findings)].join('\n');
}

function cellsOf(finding: Finding): string[] {
  if (finding.status === 'missing') {
    return [
      finding.kind,
      'missing',
      finding.software === true ? 'emulated GPU' : '-',
      '-',
      '-',
      '-',
    ];
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
  if (finding.status === 'found') {
    return finding.device.software
      ? ['  why   a driver emulates it on the CPU; only the request `software` takes it']
      : [];
  }
  return [`  why   ${finding.reason}`, `  mend  ${finding.mend}`];
}

function describeChoice(findings: readonly Finding[]): string {
  try {
    return `auto chooses ${label(chooseDevice('auto', findings))}`;
  } catch (error) {
    if (error instanceof CoreError) return 'auto finds nothing to choose';
    throw error;
  }
}

function label(device: Device): string {
  return `${device.kind}:${device.index}, ${device.name}`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
