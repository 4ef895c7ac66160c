import { Command, Option } from 'commander';
import type { CancelOptions, ListOptions, LogsOptions, StatusOptions } from '../call/manage.ts';
import type { ResultsOptions } from '../call/results.ts';
import { type NodeFlags, withNodes } from './nodes.ts';
import { natural, positive } from '../parse.ts';
import { withShape } from './shape.ts';

/** `warpmap call`: durable calls, from any machine. */
export function callCommand(): Command {
  const call = new Command('call').description(
    'List, watch, read, cancel and forget the calls that spawn and spawnMap have begun.',
  );
  const add = (command: Command): Command => {
    call.addCommand(withNodes(command));
    return command;
  };

  add(new Command('list'))
    .description('List calls, newest first.')
    .addOption(new Option('--state <state>', 'only those').choices(['open', 'sealed', 'done', 'cancelled']))
    .option('--function <name>', 'only those of app/function, or of app/ as a whole')
    .addOption(new Option('--limit <number>', 'how many').default(20).argParser(positive))
    .option('--json', 'print a line of JSON for each')
    .action(async (options: ListOptions) => (await import('../call/manage.ts')).list(options));

  add(new Command('status'))
    .description('Tell how far a call is.')
    .argument('<id>')
    .option('--watch', 'until it is done or cancelled, with a progress bar on a terminal')
    .option('--json', 'print JSON; with --watch a line at each change')
    .action(async (id: string, options: StatusOptions) => (await import('../call/manage.ts')).status(id, options));

  add(new Command('wait'))
    .description('Wait until a call is done or cancelled, with its progress on standard error.')
    .argument('<id>')
    .option('--json', 'print its last status as JSON')
    .action(async (id: string, options: StatusOptions) => (await import('../call/manage.ts')).wait(id, options));

  withShape(add(new Command('results')))
    .description('Print what came of the inputs of a call, in order, as it comes.')
    .argument('<id>')
    .addOption(new Option('--format <format>', 'how').choices(['jsonl', 'csv', 'parquet']).default('jsonl'))
    .option('--output <file>', 'write them to a file, which appears once it is whole')
    .option('--failed', 'only the inputs that failed')
    .addOption(new Option('--from <index>', 'position of the first input').default(0).argParser(natural))
    .option('--no-wait', 'only what has come by now')
    .addOption(
      new Option(
        '--collection <name>',
        'upsert outputs, {id, vector} or {id, text}, into a collection, which is made like --type, --metric, --dims and --rescore',
      ).conflicts(['output', 'failed']),
    )
    .action(async (id: string, options: ResultsOptions) => {
      process.exitCode = await (await import('../call/results.ts')).results(id, options);
    });

  add(new Command('cancel'))
    .description('Cancel calls: what has come of them stays.')
    .argument('<id...>')
    .action(async (ids: string[], options: CancelOptions) => (await import('../call/manage.ts')).cancel(ids, options));

  add(new Command('retry'))
    .description('Have the inputs of a call run again that failed or were cancelled.')
    .argument('<id>')
    .action(async (id: string, options: NodeFlags) => (await import('../call/manage.ts')).retry(id, options));

  add(new Command('logs'))
    .description('Print what the handlers of a call have logged: the newest 10,000 lines.')
    .argument('<id>')
    .option('--follow', 'go on until it has ended')
    .option('--json', 'print a line of JSON for each')
    .action(async (id: string, options: LogsOptions) => (await import('../call/manage.ts')).logs(id, options));

  add(new Command('forget'))
    .description('Remove calls with all that came of them.')
    .argument('<id...>')
    .action(async (ids: string[], options: CancelOptions) => (await import('../call/manage.ts')).forget(ids, options));
  return call;
}
