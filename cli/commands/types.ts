import { Command, Option } from 'commander';
import { positive } from '../parse.ts';
import { type NodeFlags, namedNodesOf, withNodes } from './nodes.ts';

interface TypesFlags extends NodeFlags {
  readonly output: string;
  readonly at?: number;
}

/** `warpmap types`. */
export function typesCommand(): Command {
  return withNodes(new Command('types'))
    .description('Write the TypeScript declarations of a deployed app, for programs that call it by name.')
    .argument('<app>', 'name of the app')
    .option('--output <directory>', 'where to write them', 'warpmap-types')
    .addOption(new Option('--at <number>', 'version of the app; default: the current one').argParser(positive))
    .action(async (app: string, flags: TypesFlags) => {
      const { output, at: version } = flags;
      const [{ Apps }, { writeTypes }] = await Promise.all([
        import('../../sdk/deploy/apps.ts'),
        import('../../sdk/deploy/types.ts'),
      ]);
      await using apps = await Apps.open(await namedNodesOf(flags));
      const { path, functions, untyped } = await writeTypes(apps, app, {
        output,
        ...(version !== undefined && { version }),
      });
      const more = untyped.length > 0 ? `; not exported, and so without types: ${untyped.join(', ')}` : '';
      process.stdout.write(`${path}: ${functions.join(', ')}${more}\n`);
    });
}
