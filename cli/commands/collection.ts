import { Command, Option } from 'commander';
import type { CollectionFlags, ExplainFlags, SearchFlags } from '../collection/manage.ts';
import { positive } from '../parse.ts';
import { withNodes } from './nodes.ts';

/** `warpmap collection`: vectors by id on the nodes. */
export function collectionCommand(): Command {
  const collection = new Command('collection').description('List, search and change collections: vectors by id.');
  const add = (name: string, description: string): Command => {
    const command = withNodes(new Command(name)).description(description);
    collection.addCommand(command);
    return command;
  };
  const k = (): Option => new Option('-k, --k <number>', 'items to find').default(10).argParser(positive);

  add('list', 'List the collections, with what they are like.')
    .option('--json', 'print a line of JSON for each')
    .action(async (flags: CollectionFlags) => (await import('../collection/manage.ts')).list(flags));

  add('search', 'Print the items that are most similar to a text, best first: score and id.')
    .argument('<collection>')
    .argument('<text>')
    .addOption(k())
    .option('--allow <id...>', 'only these; ids as in remove')
    .option('--exclude <id...>', 'not these')
    .option('--json', 'print a line of JSON for each')
    .action(async (name: string, text: string, flags: SearchFlags) =>
      (await import('../collection/manage.ts')).search(name, text, flags),
    );

  add('explain', 'Tell how each node would search.')
    .argument('<collection>')
    .addOption(k())
    .addOption(new Option('--queries <number>', 'at once').default(1).argParser(positive))
    .option('--json', 'print a line of JSON for each node')
    .action(async (name: string, flags: ExplainFlags) =>
      (await import('../collection/manage.ts')).explain(name, flags),
    );

  add('remove', 'Remove items; ids that are not there are let be.')
    .argument('<collection>')
    .argument('<id...>', 'a number is one, and "7" with its quotes a text; all else is a text')
    .action(async (name: string, ids: string[], flags: CollectionFlags) =>
      (await import('../collection/manage.ts')).remove(name, ids, flags),
    );

  add('drop', 'Remove a whole collection; does nothing if there is none.')
    .argument('<collection>')
    .action(async (name: string, flags: CollectionFlags) =>
      (await import('../collection/manage.ts')).drop(name, flags),
    );

  return collection;
}
