/**
 * The contract of a store of objects: bytes under keys, for the files of volumes, the bundles of deployed apps and what is
 * too large for the database. A key is 1 to 32 segments of 1 to 255 bytes with `/` between; none is `.` or `..`. Throws
 * `OBJECTS_UNAVAILABLE` where the store can't be reached or written.
 */
export interface Objects extends AsyncDisposable {
  /** For people: where they are, without secrets. */
  readonly name: string;
  /** Its bytes, or those of a range; undefined if there is none. */
  read(key: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined>;
  /** Puts or replaces it; readers see all of it or what was there before. Durable when it resolves. */
  write(key: string, bytes: ObjectBytes): Promise<void>;
  /** Puts it, unless there is one: then false, and nothing is changed. Of several at once exactly one succeeds. */
  create(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean>;
  stat(key: string): Promise<ObjectStat | undefined>;
  /** Those whose keys begin so, by rising key in the order of their bytes; only keys above `after`, if that is given. */
  list(prefix: string, after?: string): AsyncIterable<ObjectStat>;
  /** Does nothing if there is none. */
  remove(key: string): Promise<void>;
}

/** `end` not included; default: the object's. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export type ObjectBytes = Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array<ArrayBuffer>>;

export interface ObjectStat {
  readonly key: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}
