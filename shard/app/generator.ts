/** Whether a handler is a generator function, asynchronous or not: it yields items in place of one output. */
export function isGeneratorFunction(handler: unknown): boolean {
  const tag = Object.prototype.toString.call(handler);
  return tag === '[object AsyncGeneratorFunction]' || tag === '[object GeneratorFunction]';
}

/** What a generator function gives. */
export type Items<Y = unknown> = Generator<Y, unknown, undefined> | AsyncGenerator<Y, unknown, undefined>;

/** Whether a value is a generator, which can't travel: a handler that gives one must be a generator function itself. */
export function isGenerator(value: unknown): value is Items {
  const tag = Object.prototype.toString.call(value);
  return tag === '[object AsyncGenerator]' || tag === '[object Generator]';
}
