export { open } from './local/open.ts';
export { connect, type ConnectOptions } from './sdk/connect.ts';
export type { Connection } from './sdk/connection.ts';
export * from './sdk/app/deployed-functions.ts';
export { deploy, openApps } from './sdk/deploy/deploy.ts';
export type { DeployOptions, DeployOutcome } from './sdk/deploy/options.ts';
export type { Apps, AppsOptions, NodeLogLine } from './sdk/deploy/apps.ts';
export type { AppChange, AppHistory, AppSummary, AppVersion, Strategy } from './shard/app/deployment.ts';
export { type NamedOptions, RemoteFunction } from './sdk/app/remote-function.ts';
export type { CallEntry } from './sdk/call/entries.ts';
export {
  type CallLogsOptions,
  type EntriesOptions,
  FunctionCall,
  type IterateOptions,
  type ReadOptions,
  type WaitOptions,
} from './sdk/call/function-call.ts';
export type { CallList } from './sdk/call/node-calls.ts';
export type { SpawnProgress } from './sdk/call/progress.ts';
export type { SpawnMapOptions } from './sdk/call/spawn.ts';
export type { CallCounts, CallLogLine, CallState, CallStatus } from './shard/call/contract.ts';
export type { RetryPolicy } from './shard/retry.ts';
export { App } from './sdk/app/app.ts';
export { cron, type CronOptions } from './sdk/app/cron.ts';
export type { Missed, Schedule } from './shard/app/schedule.ts';
export type { AppClass, Lifecycle } from './sdk/app/class.ts';
export type { CalledEither, CalledFunction, CalledGenerator, CallOptions, MapArguments } from './sdk/app/called.ts';
export type { ForEachOptions } from './sdk/app/for-each.ts';
export type { CalledStats, NodeStats } from './sdk/app/stats.ts';
export type { FunctionHandle, GeneratorHandle } from './sdk/app/handle.ts';
export { context, type Context, type ContextCollection, type ContextLog } from './shard/app/context.ts';
export type {
  BatchedOptions,
  BatchedRunOptions,
  FunctionOptions,
  GpuRequest,
  RunOptions,
  Schema,
  WorkerOptions,
} from './shard/app/definition.ts';
export type { Scaling } from './shard/app/scaling.ts';
export type { FunctionStats } from './shard/app/stats.ts';
export type { Issue } from './shard/app/validate.ts';
export type { Collection, NodeExplanation, UpsertOptions } from './sdk/collection.ts';
export type { Similarity, TopKOptions } from './sdk/similarity.ts';
export type {
  CollectionInfo,
  CollectionOptions,
  CollectionShape,
  Explanation,
  Filter,
  Metric,
  SearchOptions,
  SearchSize,
  VectorType,
} from './shard/app/collection.ts';
export type { Embed, EmbedOptions } from './sdk/embed.ts';
export type {
  Id,
  Inputs,
  Item,
  MapOptions,
  MapProgress,
  Match,
  NodeInfo,
  NodeStatus,
  Output,
  Outputs,
  Query,
  Vectors,
} from './sdk/contract.ts';
export { Volume } from './sdk/volume/volume.ts';
export type { VolumeBatch, VolumeFiles, VolumeOptions } from './shard/volume/volume.ts';
export type { FileBytes, FileRange } from './shard/volume/bodies.ts';
export type { FileInfo } from './shard/volume/contract.ts';
export { NodeError, SdkError, type SdkErrorCode } from './sdk/errors.ts';
export type { EngineOptions } from './core/open.ts';
export { CoreError, type CoreErrorCode } from './core/errors.ts';
export { findDevices } from './core/device/find.ts';
export type { Device, DeviceRequest, Finding } from './core/device/contract.ts';
export { ModelError, type ModelErrorCode } from './models/errors.ts';
export { InputError, ShardError, type ShardErrorCode } from './shard/errors.ts';
export { range, repeat, zip } from './shard/iterables.ts';
