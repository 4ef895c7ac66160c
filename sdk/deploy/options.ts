import type { Deployed, Strategy } from '../../shard/app/deployment.ts';

export interface DeployOptions {
  /** Default: the name that the `App` of the module has. */
  readonly name?: string;
  /** A word about this version, such as a commit: 1 to 128 characters. Default: none. */
  readonly tag?: string;
  /** What becomes of the workers of the version before; docs/deploy.md. Default: `rolling`. */
  readonly strategy?: Strategy;
  /** Packages that nodes have installed, beside those with native code. Default: none. */
  readonly external?: readonly string[];
  /** Make another version, though the bundle is that of the current one. Default: `false`. */
  readonly force?: boolean;
  /** Make it the app of this run alone, until that is over; docs/deploy.md. 1 to 32 letters, digits or `-`. Default: none. */
  readonly run?: string;
}

/** A deploy, and what could not be done beside it. */
export interface DeployOutcome extends Deployed {
  /** Why it has no declarations, if it has none. */
  readonly undeclared?: string;
}
