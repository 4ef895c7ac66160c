/** Which batch of which call: as the client names it. */
export interface BatchName {
  readonly call: string;
  readonly batch: number;
  /** How often the function failed on these inputs before. Default: 0. */
  readonly failures?: number;
}
