import { Command } from 'commander';

interface MoveFlags {
  readonly fromObjects?: string;
  readonly toObjects?: string;
}

/** `warpmap store`. */
export function storeCommand(): Command {
  const store = new Command('store').description('Look after what nodes keep durable calls, apps and volumes in.');
  store
    .command('move')
    .description('Copy all that is in one store to another: calls with inputs and outputs, apps and volumes.')
    .argument('<from>', 'data directory of a node, or URL of a Postgres')
    .argument('<to>', 'the same; what is in it stays')
    .option('--from-objects <place>', 'directory or URL of the objects to copy, as `serve --objects` has it')
    .option('--to-objects <place>', 'where to copy them')
    .action(async (from: string, to: string, flags: MoveFlags) => {
      const [{ openPlace }, { moveAll }] = await Promise.all([
        import('../../server/store/move/open.ts'),
        import('../../server/store/move/move.ts'),
      ]);
      await using source = await openPlace({ store: from, objects: flags.fromObjects, there: true });
      await using target = await openPlace({ store: to, objects: flags.toObjects, there: false });
      const moved = await moveAll(source, target);
      const before = moved.callsBefore + moved.objectsBefore;
      process.stdout.write(
        `${source.store.name} to ${target.store.name}: ${moved.calls} calls with ${moved.chunks} chunks, ` +
          `${moved.outcomes} outcomes and ${moved.lines} lines of logs; ${moved.objects} objects of ${moved.bytes} bytes\n`,
      );
      if (before > 0) {
        process.stdout.write(`${moved.callsBefore} calls and ${moved.objectsBefore} objects were there already\n`);
      }
    });
  return store;
}
