/** Those who hear what a batch answers. While there are none, what has not begun should wait. */
export interface Audience {
  readonly gone: boolean;
  /** Calls `changed` whenever `gone` may have changed, until the function that it returns is called. */
  subscribe(changed: () => void): () => void;
}

/** Which batch of which call: as the client names it. */
export interface BatchName {
  readonly call: string;
  readonly batch: number;
  /** How often the function failed on these inputs before. Default: 0. */
  readonly failures?: number;
  /** Positions of its inputs in the map, `[first, count, first, count, …]`, rising. Default: as in the batch. */
  readonly spans?: readonly number[];
  /** Default: someone listens all the time. */
  readonly audience?: Audience;
  /** Takes what handlers write while they run these inputs. Default: only the node's log does. */
  readonly onLog?: ((line: HandlerLine) => void) | undefined;
}

/** What a handler has written. */
export interface HandlerLine {
  readonly level: string;
  readonly message: string;
  /** Position of its input in the map, or in the call. */
  readonly index: number;
  readonly fields?: Readonly<Record<string, unknown>>;
}
