import type { CallState, CallStatus } from '../../shard/call/contract.ts';
import type { FunctionCall } from '../../sdk/call/function-call.ts';
import { connectTo, type NodeFlags } from '../commands/nodes.ts';
import { print } from '../print.ts';
import { describeCall, describeLine, listLine } from './describe.ts';
import { follow } from './follow.ts';

export interface ListOptions extends NodeFlags {
  readonly state?: CallState;
  readonly function?: string;
  readonly limit: number;
  readonly json?: true;
}

export interface StatusOptions extends NodeFlags {
  readonly watch?: true;
  readonly json?: true;
}

export interface LogsOptions extends NodeFlags {
  readonly follow?: true;
  readonly json?: true;
}

export type CancelOptions = NodeFlags;

export async function list(options: ListOptions): Promise<void> {
  const { state, function: name, limit, json } = options;
  await using warp = await connectTo(options);
  const filter = { limit, ...(state !== undefined && { state }), ...(name !== undefined && { function: name }) };
  for (const status of await warp.calls(filter)) {
    await print(json === true ? `${JSON.stringify(status)}\n` : listLine(status));
  }
}

export async function status(id: string, options: StatusOptions): Promise<void> {
  await using warp = await connectTo(options);
  const call = warp.call(id);
  // Each is waited for here: a connection is closed as soon as this returns.
  if (options.watch !== true) await tell(await call.status(), options);
  else if (options.json !== true) await end(call, options);
  else await follow(call, { onChange: async (each) => print(`${JSON.stringify(each)}\n`) });
}

export async function wait(id: string, options: StatusOptions): Promise<void> {
  await using warp = await connectTo(options);
  await end(warp.call(id), options);
}

export async function cancel(ids: readonly string[], options: CancelOptions): Promise<void> {
  await using warp = await connectTo(options);
  for (const id of ids) {
    const call = warp.call(id);
    await call.cancel();
    await print(describeCall(await call.status()));
  }
}

export async function retry(id: string, options: NodeFlags): Promise<void> {
  await using warp = await connectTo(options);
  const count = await warp.call(id).retryFailed();
  await print(
    count === 0 ? 'No input has failed or was cancelled.\n' : `${count.toLocaleString('en')} inputs run again.\n`,
  );
}

export async function logs(id: string, { follow: on, json, ...flags }: LogsOptions): Promise<void> {
  await using warp = await connectTo(flags);
  for await (const line of warp.call(id).logs({ follow: on === true })) {
    await print(json === true ? `${JSON.stringify(line)}\n` : describeLine(line));
  }
}

export async function forget(ids: readonly string[], options: CancelOptions): Promise<void> {
  await using warp = await connectTo(options);
  for (const id of ids) await warp.call(id).forget();
}

/** Waits for its end with progress on standard error, and tells it. Sets the exit code to 1 unless all went well. */
async function end(call: FunctionCall<unknown, unknown>, options: StatusOptions): Promise<void> {
  const last = await follow(call, { progress: true });
  await tell(last, options);
  if (last.state !== 'done' || last.counts.failed > 0) process.exitCode = 1;
}

async function tell(call: CallStatus, { json }: StatusOptions): Promise<void> {
  await print(json === true ? `${JSON.stringify(call)}\n` : describeCall(call));
}
