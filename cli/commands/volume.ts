import { Command } from 'commander';
import type { VolumeFlags } from '../volume/manage.ts';
import type { TransferFlags } from '../volume/transfer.ts';
import { withNodes } from './nodes.ts';

/** `warpmap volume`: named stores of files on the nodes. */
export function volumeCommand(): Command {
  const volume = new Command('volume').description('Make, list, read and change volumes: named stores of files.');
  const add = (name: string, description: string): Command => {
    const command = withNodes(new Command(name)).description(description);
    volume.addCommand(command);
    return command;
  };

  add('create', 'Make a volume; does nothing if there is one of that name.')
    .argument('<volume>')
    .action(async (name: string, flags: VolumeFlags) => (await import('../volume/manage.ts')).create(name, flags));

  add('list', 'List the volumes.')
    .option('--json', 'print a line of JSON for each')
    .action(async (flags: VolumeFlags) => (await import('../volume/manage.ts')).list(flags));

  add('delete', 'Remove a volume with all of its files and their history.')
    .argument('<volume>')
    .action(async (name: string, flags: VolumeFlags) => (await import('../volume/manage.ts')).remove(name, flags));

  add('ls', 'List the files of a volume: all, or those whose paths begin so.')
    .argument('<volume>')
    .argument('[prefix]', 'beginning of paths', '')
    .option('-l, --long', 'with bytes and time')
    .option('--json', 'print a line of JSON for each')
    .action(async (name: string, prefix: string, flags: VolumeFlags) =>
      (await import('../volume/manage.ts')).ls(name, prefix, flags),
    );

  add('get', 'Copy a file, or all files below a path, from a volume.')
    .argument('<volume>')
    .argument('<path>', 'a file; or a folder, with --recursive, `/` for the whole volume')
    .argument('[target]', 'file or directory; - for standard output; default: its last name, here')
    .option('-r, --recursive', 'a folder')
    .action(async (name: string, path: string, target: string | undefined, flags: TransferFlags) =>
      (await import('../volume/transfer.ts')).get({ name, path, target }, flags),
    );

  add('put', 'Copy a file, or a directory with all that is in it, to a volume: one commit.')
    .argument('<volume>')
    .argument('<source>', 'file or directory; - for standard input')
    .argument('[path]', 'where to; needed for standard input; default: the last name of the source')
    .option('-r, --recursive', 'a directory')
    .option('--create', 'make the volume if there is none')
    .action(async (name: string, source: string, path: string | undefined, flags: TransferFlags) =>
      (await import('../volume/transfer.ts')).put({ name, source, path }, flags),
    );

  add('rm', 'Remove files, in one commit.')
    .argument('<volume>')
    .argument('<path...>')
    .option('-r, --recursive', 'all files below each path')
    .action(async (name: string, paths: string[], flags: TransferFlags) =>
      (await import('../volume/manage.ts')).rm(name, paths, flags),
    );

  add('cp', 'Copy a file within a volume, without reading it.')
    .argument('<volume>')
    .argument('<from>')
    .argument('<to>')
    .action(async (name: string, from: string, to: string, flags: VolumeFlags) =>
      (await import('../volume/manage.ts')).cp(name, { from, to }, flags),
    );

  return volume;
}
