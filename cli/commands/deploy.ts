import { Command, Option } from 'commander';
import { STRATEGIES, type Strategy } from '../../shard/app/deployment.ts';
import { type NodeFlags, namedNodesOf, withNodes } from './nodes.ts';

interface DeployFlags extends NodeFlags {
  readonly name?: string;
  readonly tag?: string;
  readonly strategy?: Strategy;
  readonly external?: readonly string[];
  readonly force?: true;
  readonly json?: true;
}

/** `warpmap deploy`. */
export function deployCommand(): Command {
  return withNodes(new Command('deploy'))
    .description('Bundle the module of an app, and make it the current version of the app on the nodes.')
    .argument('<file>', 'module that exports an App, such as app.ts')
    .option('--name <name>', 'name of the app; default: that of its App')
    .option('--tag <tag>', 'a word about this version, such as a commit')
    .addOption(
      new Option(
        '--strategy <strategy>',
        'whether the workers of the version before finish what they have, or end first',
      )
        .choices(STRATEGIES)
        .default('rolling'),
    )
    .option('--external <package...>', 'packages that nodes have installed, beside those with native code')
    .option('--force', 'make another version though the bundle is that of the current one')
    .option('--json', 'print JSON')
    .action(async (file: string, flags: DeployFlags) => {
      const { name, tag, strategy, external, force, json } = flags;
      const { deploy } = await import('../../sdk/deploy/deploy.ts');
      const outcome = await deploy(file, {
        ...(await namedNodesOf(flags)),
        ...(name !== undefined && { name }),
        ...(tag !== undefined && { tag }),
        ...(strategy !== undefined && { strategy }),
        ...(external && { external }),
        ...(force && { force }),
      });
      if (json) return void process.stdout.write(`${JSON.stringify(outcome)}\n`);
      const { describeDeploy } = await import('../app-tables.ts');
      process.stdout.write(describeDeploy(outcome));
    });
}
