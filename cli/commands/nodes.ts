import { type Command, Option } from 'commander';
import { findToken, type TokenSources } from '../token.ts';
import type { AppsOptions } from '../../sdk/deploy/apps.ts';

/** What says which nodes a command asks. */
export interface NodeFlags extends TokenSources {
  readonly node?: readonly string[];
}

/** Adds them to a command. */
export function withNodes(command: Command): Command {
  return command
    .option('--node <address...>', 'nodes to ask, such as http://10.0.0.1:7411; default: WARPMAP_NODES')
    .addOption(
      new Option('--token <token>', "the nodes' token; others see it in the list of processes").conflicts('tokenFile'),
    )
    .option('--token-file <path>', 'file that holds the token; WARPMAP_TOKEN holds one too');
}

/** Throws `FILE_UNREADABLE`. */
export async function nodesOf(flags: NodeFlags): Promise<AppsOptions> {
  const token = await findToken(flags);
  return { ...(flags.node && { nodes: flags.node }), ...(token !== undefined && { token }) };
}
