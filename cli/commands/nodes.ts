import { type Command, Option } from 'commander';
import type { Connection } from '../../sdk/connection.ts';
import { CliError } from '../errors.ts';
import { findToken, type TokenSources } from '../token.ts';
import type { AppsOptions } from '../../sdk/deploy/apps.ts';

/** What says which nodes a command asks. */
export interface NodeFlags extends TokenSources {
  readonly node?: readonly string[];
}

/** Adds them to a command. */
export function withNodes(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--node <address>',
        'node to ask, such as http://10.0.0.1:7411; may be given again; default: WARPMAP_NODES',
      ).argParser((address: string, before: readonly string[] | undefined) => [...(before ?? []), address]),
    )
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

/** The same, for what asks nodes and starts none. Throws `USAGE` if none is named. */
export async function namedNodesOf(flags: NodeFlags): Promise<AppsOptions> {
  if (namesNodes(flags)) return nodesOf(flags);
  throw new CliError(
    'USAGE',
    'Expected a node to ask: --node 127.0.0.1:7411, or WARPMAP_NODES; `warpmap serve` starts one here',
  );
}

/** Whether any node is named, by flag or environment. */
export function namesNodes({ node = [] }: NodeFlags): boolean {
  return node.length > 0 || (process.env['WARPMAP_NODES'] ?? '').trim() !== '';
}

/** A connection to the nodes that are named. Throws `USAGE` if none is, and as `connect` does. */
export async function connectTo(flags: NodeFlags): Promise<Connection> {
  const nodes = await namedNodesOf(flags);
  const { connect } = await import('../../sdk/connect.ts');
  return connect(nodes);
}
