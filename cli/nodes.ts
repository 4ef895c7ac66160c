import { Option, type Command } from 'commander';
import type { ConnectOptions } from '../sdk/connect.ts';
import type { Connection } from '../sdk/connection.ts';
import { CliError } from './errors.ts';
import { findToken, type TokenSources } from './token.ts';

/** The options by which a command finds the nodes that it asks, as commander gives them. */
export interface NodeFlags extends TokenSources {
  readonly node?: readonly string[];
}

export function withNodes(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--node <address>',
        'node to ask, such as 10.0.0.1:7411; may be given again; default: those in WARPMAP_NODES',
      ).argParser((address: string, before: readonly string[] | undefined) => [...(before ?? []), address]),
    )
    .addOption(
      new Option('--token <token>', 'what the nodes want; others see it in the list of processes').conflicts(
        'tokenFile',
      ),
    )
    .option('--token-file <path>', 'file that holds the token; WARPMAP_TOKEN holds one too');
}

/** Whether any node is named, by flag or environment. */
export function namesNodes({ node = [] }: NodeFlags): boolean {
  return node.length > 0 || (process.env['WARPMAP_NODES'] ?? '').trim() !== '';
}

/** A connection to the nodes that are named. Throws `USAGE` if none is, and as `connect` does. */
export async function connectTo(flags: NodeFlags, options: ConnectOptions = {}): Promise<Connection> {
  if (!namesNodes(flags)) {
    throw new CliError(
      'USAGE',
      'Expected a node to ask: --node 127.0.0.1:7411, or WARPMAP_NODES; `warpmap serve` starts one here',
    );
  }
  const token = await findToken(flags);
  const { connect } = await import('../sdk/connect.ts');
  const { node = [] } = flags;
  return connect({ ...(node.length > 0 && { nodes: node }), ...(token !== undefined && { token }), ...options });
}
