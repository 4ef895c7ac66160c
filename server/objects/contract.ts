/**
 * The contract of a store of objects: bytes under keys, for the files of volumes, the bundles of deployed apps and what is
 * too large for the database. A key is 1 to 16 segments with `/` between, 512 characters at most; a segment is 1 to 120
 * letters, digits, `_`, `.` and `-`, and does not begin with `.` or `-`. Upper and lower case differ. No key may lie
 * below another, as `a/b` does below `a`: a store need not take both. Throws `OBJECTS_UNAVAILABLE` where the store can't be
 * reached or written, and `OBJECT_KEY_INVALID` for a key that is none.
 */
export interface Objects extends AsyncDisposable {
  /** For people: where they are, without secrets. */
  readonly name: string;
  /**
   * Its bytes, or those of a range, as far as it has them; undefined if there is none. Whoever asks reads them to the end
   * or cancels them. They are those of one `write`, also where another comes meanwhile, or the reading fails.
   */
  read(key: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined>;
  /** Puts or replaces it; readers see all of it or what was there before, also if `bytes` fails. Durable when it resolves. */
  write(key: string, bytes: ObjectBytes): Promise<void>;
  /**
   * Puts it, unless there is one: then false, and nothing is changed. Of several at once exactly one succeeds. Durable
   * when it resolves, either way.
   */
  create(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean>;
  stat(key: string): Promise<ObjectStat | undefined>;
  /** Those whose keys begin so, by rising key in the order of their bytes; only keys above `after`, if that is given. */
  list(prefix: string, after?: string): AsyncIterable<ObjectStat>;
  /** Does nothing if there is none. After a crash of the machine it may be there again. */
  remove(key: string): Promise<void>;
}

/** `end` not included; default: the object's. Both are whole numbers of 0 or more. */
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
