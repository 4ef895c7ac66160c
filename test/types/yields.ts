/** What an iterable gives. */
export type Yields<T> = T extends AsyncIterable<infer O> ? O : never;
