/** What clients and nodes tell each other of deployed apps. Times are milliseconds since 1970. */

import type { Schedule } from './schedule.ts';

/**
 * What becomes of the workers of the version before: with `rolling` they finish what they have, with `recreate` they are
 * ended first, and what they had is sent again.
 */
export type Strategy = 'rolling' | 'recreate';

export const STRATEGIES: readonly Strategy[] = ['rolling', 'recreate'];

/** A bundle to be run as the next version of an app. */
export interface DeployRequest {
  /** Default: the one that its `App` has. */
  readonly name?: string;
  /** SHA-256 of the bundle, in hex; it was uploaded before. */
  readonly bundle: string;
  /** Packages that nodes must have installed, with the versions that it was bundled beside. */
  readonly packages: Readonly<Record<string, string>>;
  /** A word of whoever deploys, such as a commit: 1 to 128 characters. */
  readonly tag?: string;
  /** Default: `rolling`. */
  readonly strategy?: Strategy;
  /** Whether there is to be another version though the current one has the same bundle. Default: `false`. */
  readonly force?: boolean;
  /** SHA-256 of its declarations, which were uploaded before. */
  readonly declarations?: string;
  /** Makes it the app of one run, apart from deployed ones: its name gets `~run` at its end. */
  readonly run?: string;
}

/** A function of a deployed app. */
export interface DeployedFunction {
  /** Without that of its app. */
  readonly name: string;
  readonly generator: boolean;
  /** Under which its module exports its handle, if it does. */
  readonly exported?: string;
  /** Workers that each node keeps of it. */
  readonly minWorkers: number;
  readonly schedule?: Schedule;
}

export interface AppVersion {
  /** From 1 up. */
  readonly version: number;
  readonly bundle: string;
  /** Of the bundle. */
  readonly bytes: number;
  readonly packages: Readonly<Record<string, string>>;
  readonly functions: readonly DeployedFunction[];
  readonly strategy: Strategy;
  readonly tag?: string;
  readonly declarations?: string;
}

/** One change of an app. The first has number 1, and no two have the same. */
export type AppChange = {
  readonly number: number;
  readonly time: number;
  /** The name of the token by which it was asked for. */
  readonly by: string;
} & (
  | { readonly type: 'deploy'; readonly version: AppVersion }
  | { readonly type: 'rollback'; readonly version: number }
  | { readonly type: 'stop' }
);

export interface AppSummary {
  readonly name: string;
  /** None of an app that was stopped. */
  readonly current?: AppVersion;
  /** When it was last changed. */
  readonly changed: number;
}

export interface AppHistory {
  readonly name: string;
  /** Version that is current; none of an app that was stopped. */
  readonly current?: number;
  /** Oldest first. */
  readonly changes: readonly AppChange[];
}

/** What came of a deploy. */
export interface Deployed {
  readonly app: string;
  readonly version: AppVersion;
  /** False where the version was there, and current, with the same bundle. */
  readonly created: boolean;
}

/** A line that an app has logged on one node. */
export interface AppLogLine {
  /** Of this node since it was started: grows from line to line. */
  readonly number: number;
  readonly time: number;
  readonly level: string;
  readonly message: string;
  readonly version: number;
  /** Of the run that wrote it, where one did. */
  readonly function?: string;
  readonly call?: string;
  readonly index?: number;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface AppLog {
  readonly lines: readonly AppLogLine[];
  /** The next question's `after`. */
  readonly next: number;
}

/** What comes between the name of an app and the run that it is of. */
const RUN_MARK = '~';

/** The name under which an app is deployed for one run alone. */
export function nameOfRun(app: string, run: string): string {
  return `${app}${RUN_MARK}${run}`;
}

export function isOfRun(app: string): boolean {
  return app.includes(RUN_MARK);
}
