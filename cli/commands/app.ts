import { Command, Option } from 'commander';
import type { Apps } from '../../sdk/deploy/apps.ts';
import { positive } from '../parse.ts';
import { type NodeFlags, namedNodesOf, withNodes } from './nodes.ts';

interface AppFlags extends NodeFlags {
  readonly json?: true;
}

/** `warpmap app`: what is deployed, and how that is changed. */
export function appCommand(): Command {
  const command = new Command('app').description('List, roll back and stop deployed apps, and read their logs.');

  command.addCommand(
    asking('list', 'List the apps.')
      .option('--runs', 'those too that were deployed for one run')
      .action((flags: AppFlags & { readonly runs?: true }) =>
        print(flags, (apps) => apps.list({ runs: flags.runs === true }), 'describeApps'),
      ),
  );
  command.addCommand(
    asking('history', 'Tell each change of an app, oldest first.')
      .argument('<app>')
      .action((app: string, flags: AppFlags) => print(flags, (apps) => apps.history(app), 'describeHistory')),
  );
  command.addCommand(
    asking('rollback', 'Make another version of an app current: that before, if none is named.')
      .argument('<app>')
      .addOption(new Option('--to <number>', 'the version').argParser(positive))
      .action((app: string, flags: AppFlags & { readonly to?: number }) => {
        const { to: version } = flags;
        return print(flags, (apps) => apps.rollback(app, version === undefined ? {} : { version }), 'describeHistory');
      }),
  );
  command.addCommand(
    asking('stop', 'End all workers of an app, until there is a current version again.')
      .argument('<app>')
      .action(async (app: string, flags: AppFlags) => {
        await using apps = await openApps(flags);
        await apps.stop(app);
        process.stdout.write(flags.json ? '{}\n' : `${app} is stopped\n`);
      }),
  );
  command.addCommand(
    asking('logs', 'Print what an app has logged of late, on all nodes.')
      .argument('<app>')
      .addOption(new Option('--limit <number>', 'lines at most, up to 1000').default(1_000).argParser(positive))
      .action((app: string, flags: AppFlags & { readonly limit: number }) =>
        print(flags, (apps) => apps.logs(app, { limit: flags.limit }), 'describeLog'),
      ),
  );
  return command;
}

function asking(name: string, description: string): Command {
  return withNodes(new Command(name)).description(description).option('--json', 'print JSON');
}

type Tables = typeof import('../app-tables.ts');

async function print<Table extends keyof Tables>(
  flags: AppFlags,
  ask: (apps: Apps) => Promise<Parameters<Tables[Table]>[0]>,
  table: Table,
): Promise<void> {
  await using apps = await openApps(flags);
  const answer = await ask(apps);
  if (flags.json) return void process.stdout.write(`${JSON.stringify(answer)}\n`);
  const describe = (await import('../app-tables.ts'))[table] as (answer: unknown) => string;
  process.stdout.write(describe(answer));
}

async function openApps(flags: AppFlags): Promise<Apps> {
  const { Apps } = await import('../../sdk/deploy/apps.ts');
  return Apps.open(await namedNodesOf(flags));
}
