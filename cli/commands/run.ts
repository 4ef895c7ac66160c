import { Command } from 'commander';
import type { RunOptions } from '../entry/run.ts';
import { withNodes } from './nodes.ts';

/** `warpmap run`: the main of an app, on nodes that need not have the app. */
export function runCommand(): Command {
  return withNodes(new Command('run'))
    .description('Run the main of an app, which nodes are given for this run; without nodes, on a server of its own.')
    .argument('<file>', 'module that exports an App with a main, such as embed.ts')
    .argument('[args...]', 'what its main gets; after -- also what looks like an option')
    .option('--detach', 'leave what it spawns to the nodes, in place of waiting for it')
    .action(async (file: string, args: string[], options: RunOptions) => {
      process.exitCode = await (await import('../entry/run.ts')).runEntry(file, args, options);
    });
}
