import { Command, Option } from 'commander';
import { packageVersion } from '../core/version.ts';
import { appCommand } from './commands/app.ts';
import { callCommand } from './commands/call.ts';
import { collectionCommand } from './commands/collection.ts';
import { deployCommand } from './commands/deploy.ts';
import { storeCommand } from './commands/store.ts';
import { typesCommand } from './commands/types.ts';
import { runCommand } from './commands/run.ts';
import { volumeCommand } from './commands/volume.ts';
import type { DoctorOptions } from './doctor.ts';
import type { EmbedOptions } from './embed.ts';
import { device, limit, port, positive, seconds } from './parse.ts';
import { type Parts, realParts } from './parts.ts';
import type { ServeOptions } from './serve.ts';

/** The command line. Throws commander's errors instead of exiting. */
export function createProgram(parts: Parts = realParts): Command {
  const program = new Command('warpmap')
    .description('Map functions over inputs on your own GPUs.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--verbose', 'print the stack of an error')
    .showHelpAfterError('Run the command with --help to see what it takes.')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  program.addCommand(serveCommand(parts).copyInheritedSettings(program));
  program.addCommand(doctorCommand().copyInheritedSettings(program));
  program.addCommand(embedCommand(parts).copyInheritedSettings(program));
  program.addCommand(inherited(deployCommand(), program));
  program.addCommand(inherited(appCommand(), program));
  program.addCommand(inherited(callCommand(), program));
  program.addCommand(inherited(typesCommand(), program));
  program.addCommand(inherited(runCommand(), program));
  program.addCommand(inherited(volumeCommand(), program));
  program.addCommand(inherited(collectionCommand(), program));
  program.addCommand(inherited(storeCommand(), program));
  return program;
}

/** Commands below it too. */
function inherited(command: Command, from: Command): Command {
  command.copyInheritedSettings(from);
  for (const below of command.commands) inherited(below, command);
  return command;
}

function serveCommand(parts: Parts): Command {
  return withEngine(new Command('serve'))
    .description('Serve the functions of this package, and those of an app of yours, on this machine: a node.')
    .argument('[app]', 'module that exports an App, such as app.ts')
    .addOption(new Option('--host <address>', 'address to bind').default('127.0.0.1').env('WARPMAP_HOST'))
    .addOption(
      new Option('--port <number>', 'port to bind, 0 for any that is free')
        .default(7411)
        .env('WARPMAP_PORT')
        .argParser(port),
    )
    .addOption(
      new Option('--token <token>', 'what clients must send; others see it in the list of processes').conflicts(
        'tokenFile',
      ),
    )
    .option('--token-file <path>', 'file that holds the token; WARPMAP_TOKEN holds one too')
    .addOption(
      new Option('--tokens-file <path>', 'file of tokens that allow some of it: a line `name scopes token` each').env(
        'WARPMAP_TOKENS_FILE',
      ),
    )
    .addOption(
      new Option('--log-level <level>', 'least level that is logged to standard error')
        .choices(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
        .default('info')
        .env('WARPMAP_LOG_LEVEL'),
    )
    .addOption(
      new Option('--drain-seconds <seconds>', 'time for running batches at SIGTERM').default(30).argParser(seconds),
    )
    .addOption(
      new Option('--limit <name=value>', 'replace a limit of docs/operations.md; may be given again')
        .default({}, 'those of docs/operations.md')
        .argParser(limit),
    )
    .addOption(
      new Option(
        '--data <directory>',
        'where the node keeps what outlives it; default: one for the state of programs of this user',
      ).env('WARPMAP_DATA'),
    )
    .addOption(
      new Option(
        '--store <url>',
        'store of durable calls: postgres://..., or http://... of the node that owns it; default: a file in --data',
      ).env('WARPMAP_STORE'),
    )
    .addOption(
      new Option('--objects <place>', 'directory or URL for objects; default: beside the file, or in the store').env(
        'WARPMAP_OBJECTS',
      ),
    )
    .addOption(
      new Option(
        '--packages <directory>',
        'from where packages resolve that deployed apps do not have in their bundles; default: the working directory',
      ).env('WARPMAP_PACKAGES'),
    )
    .option('--announce', 'print one JSON line {"url","pid"} when ready, and nothing else')
    .option('--with-parent', 'stop when standard input closes')
    .action(async (app: string | undefined, options: ServeOptions) => {
      const { serve } = await import('./serve.ts');
      await serve(app, options, parts);
    });
}

function doctorCommand(): Command {
  return new Command('doctor')
    .description('Tell which devices, runtimes and models can be used here, and how to mend what can not.')
    .option('--json', 'print JSON')
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.ts');
      process.exitCode = (await doctor(options)) ? 0 : 1;
    });
}

function embedCommand(parts: Parts): Command {
  return withEngine(new Command('embed'))
    .description('Embed each line of a text, and print each vector as a line of JSON.')
    .argument('[file]', 'file of texts, or - for standard input', '-')
    .option('--prompt <name>', "one of the model's prompts, such as query")
    .addOption(new Option('--dims <number>', 'leading components to keep').argParser(positive))
    .action(async (file: string, options: EmbedOptions) => {
      const { embed } = await import('./embed.ts');
      await embed(file, options, parts);
    });
}

function withEngine(command: Command): Command {
  return command
    .option(
      '--model <model>',
      'known name, folder, or organisation/name[@revision] on the hub; default: WARPMAP_MODEL, else all-MiniLM-L6-v2',
    )
    .addOption(
      new Option(
        '--device <device>',
        'auto, cuda, webgpu, cpu, one of them with :index, or software; default: WARPMAP_DEVICE, else auto',
      ).argParser(device),
    )
    .addOption(new Option('--runtime <runtime>', 'default: what suits the device').choices(['onnx', 'tfjs']))
    .addOption(new Option('--threads <number>', 'cores for inference on a CPU; default: all').argParser(positive));
}
