import { stripVTControlCharacters } from 'node:util';
import type { NodeLogLine } from '../sdk/deploy/apps.ts';
import type { DeployOutcome } from '../sdk/deploy/options.ts';
import type { AppChange, AppHistory, AppSummary } from '../shard/app/deployment.ts';

/** What was deployed, for people. */
export function describeDeploy({ app, version, created, undeclared }: DeployOutcome): string {
  const { version: number, bundle, bytes, packages, functions } = version;
  const names = Object.keys(packages);
  return [
    created
      ? `${app} is at version ${number}`
      : `${app} is at version ${number} already, with this very bundle; --force makes another version of it`,
    `  bundle     ${bundle.slice(0, 12)}, ${Math.ceil(bytes / 1024)} KiB`,
    ...(names.length > 0 ? [`  packages   ${names.join(', ')}, which nodes have installed`] : []),
    `  functions  ${functions.map(({ name }) => `${app}/${name}`).join(', ')}`,
    ...(undeclared === undefined ? [] : [`  types      none: ${undeclared}`]),
    '',
  ].join('\n');
}

export function describeApps(apps: readonly AppSummary[]): string {
  if (apps.length === 0) return 'No app is deployed.\n';
  return table(
    ['app', 'version', 'tag', 'changed', 'functions'],
    apps.map(({ name, current, changed }) => [
      name,
      current ? String(current.version) : 'stopped',
      current?.tag ?? '',
      timeOf(changed),
      current?.functions.map((each) => each.name).join(', ') ?? '',
    ]),
  );
}

export function describeHistory({ changes, current }: AppHistory): string {
  const last = changes.findLast((change) => change.type !== 'stop' && versionOf(change) === current);
  return table(
    ['change', 'version', 'tag', 'time', 'by', ''],
    changes.map((change) => [
      change.type,
      String(versionOf(change) ?? ''),
      change.type === 'deploy' ? (change.version.tag ?? '') : '',
      timeOf(change.time),
      change.by,
      change === last ? 'current' : '',
    ]),
  );
}

export function describeLog(lines: readonly NodeLogLine[]): string {
  return lines
    .map(({ time, level, message, version, node, fields, ...run }) => {
      const where = run.function === undefined ? `@${version}` : `${run.function}@${version}`;
      const more = fields ? ` ${JSON.stringify(fields)}` : '';
      // What an app logs is not to move the cursor of who reads it.
      return `${timeOf(time)} ${level.padEnd(5)} ${new URL(node).host} ${where} ${clean(message)}${clean(more)}\n`;
    })
    .join('');
}

function versionOf(change: AppChange): number | undefined {
  if (change.type === 'stop') return undefined;
  return change.type === 'deploy' ? change.version.version : change.version;
}

function timeOf(time: number): string {
  return new Date(time).toISOString();
}

function clean(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/(?![\t\n])\p{Cc}/gv, '');
}

/** Columns as wide as what is in them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows.map((row) => row.map(clean))];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
