import { namesNodes, type NodeFlags } from '../commands/nodes.ts';
import { CliError } from '../errors.ts';
import { print } from '../print.ts';
import { listenForStop } from '../stop.ts';
import { Begun } from './begun.ts';
import { loadEntry } from './load.ts';
import { deployedPlace, localPlace, type Place } from './place.ts';

export interface RunOptions extends NodeFlags {
  readonly detach?: true;
}

const FAILED = 1;
/** What a shell expects of a command that Ctrl-C has ended. */
const INTERRUPTED = 130;

/**
 * Runs the main of a module, and then waits for the calls that it has begun; with `detach` it names them, and leaves them
 * to the nodes. Ctrl-C cancels them. Resolves to the exit code.
 */
export async function runEntry(
  file: string,
  args: readonly string[],
  { detach = false, ...flags }: Omit<RunOptions, 'detach'> & { readonly detach?: boolean },
): Promise<number> {
  if (detach && !namesNodes(flags)) {
    throw new CliError(
      'USAGE',
      'Expected a node that goes on when this command has ended: --node 10.0.0.1:7411, or WARPMAP_NODES',
    );
  }
  using stop = listenForStop({ withParent: false });
  const entry = await loadEntry(file);
  const begun = new Begun();
  await using place: Place = await (namesNodes(flags)
    ? deployedPlace(entry, flags, begun.note)
    : localPlace(entry, begun.note));
  const { warp } = place;
  const stopped = new AbortController();
  const interrupted = stop.asked.then(() => {
    stopped.abort();
    return INTERRUPTED;
  });

  const work = async (): Promise<number> => {
    try {
      await entry.main(warp, ...args);
    } catch (error) {
      throw named(error, entry.app);
    }
    if (detach) return 0;
    return (await begun.wait(warp, stopped.signal)) ? 0 : FAILED;
  };
  const working = work();
  // What it throws after Ctrl-C is why it was ended.
  working.catch(() => {});
  let over = false;
  try {
    const code = await Promise.race([working, interrupted]);
    over = code !== INTERRUPTED;
    return code;
  } finally {
    if (detach) {
      // What is whole goes on; nobody would go on with the rest.
      await begun.cancel(warp, { uploads: true });
      await print(begun.ids.map((id) => `${id}\n`).join(''));
      process.stderr.write(detached(begun.ids));
    } else if (!over) await begun.cancel(warp);
  }
}

function detached([first, ...others]: readonly string[]): string {
  if (first === undefined) return 'Nothing was spawned, so that nothing goes on.\n';
  const which = others.length === 0 ? 'This call goes on' : `These ${others.length + 1} calls go on`;
  return `${which}. Follow with \`warpmap call status --watch ${first}\`, read with \`warpmap call results ${first}\`.\n`;
}

/** An error of the user's own, with where it was thrown; one that has a code says enough. */
function named(error: unknown, app: string): unknown {
  if (error instanceof Error && 'code' in error) return error;
  const what = error instanceof Error ? error.stack : String(error);
  return new CliError('MAIN_FAILED', `The main of ${app} threw ${what}`, { cause: error });
}
