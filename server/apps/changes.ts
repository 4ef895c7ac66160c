import type { AppChange, AppVersion } from '../../shard/app/deployment.ts';

/** An app as all its changes have made it. */
export interface AppState {
  readonly name: string;
  /** Oldest first, without gaps. */
  readonly changes: readonly AppChange[];
  readonly versions: ReadonlyMap<number, AppVersion>;
  /** Undefined once it was stopped. */
  readonly current: AppVersion | undefined;
}

/** What a change is, before it has a number. */
export type Change =
  | { readonly type: 'deploy'; readonly version: AppVersion }
  | { readonly type: 'rollback'; readonly version: number }
  | { readonly type: 'stop' };

export function emptyApp(name: string): AppState {
  return { name, changes: [], versions: new Map(), current: undefined };
}

/** The app after one more change, which is the next by its number. */
export function changed(app: AppState, change: AppChange): AppState {
  const changes = [...app.changes, change];
  switch (change.type) {
    case 'deploy': {
      const versions = new Map(app.versions).set(change.version.version, change.version);
      return { ...app, changes, versions, current: change.version };
    }
    case 'rollback':
      return { ...app, changes, current: app.versions.get(change.version) };
    case 'stop':
      return { ...app, changes, current: undefined };
  }
}

/** The number that the next version gets: they are consecutive. */
export function nextVersion({ versions }: AppState): number {
  return versions.size + 1;
}

/** The version that was current before the one that is now, or that was last before the app was stopped. */
export function previousVersion({ changes, current }: AppState): number | undefined {
  for (const change of changes.toReversed()) {
    if (change.type === 'stop') continue;
    const version = change.type === 'deploy' ? change.version.version : change.version;
    if (version !== current?.version) return version;
  }
  return undefined;
}
