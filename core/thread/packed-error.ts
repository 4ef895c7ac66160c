import { KernelError } from '../../kernels/errors.ts';
import { ModelError } from '../../models/errors.ts';
import { CoreError } from '../errors.ts';

/** An error as it crosses a thread: structured clone alone would lose the class and the code. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: PackedError;
}

/** Rebuilds the errors of one class, known by its `name`. */
export interface ErrorKind {
  readonly name: string;
  revive(code: string, message: string, options: ErrorOptions): Error;
}

type CodedErrorClass<Code extends string> = new (code: Code, message: string, options?: ErrorOptions) => Error;

/** The kind of a class whose constructor is `(code, message, options)` and whose instances are named after it. */
export function errorKind<Code extends string>(type: CodedErrorClass<Code>): ErrorKind {
  return {
    name: type.name,
    revive: (code, message, options) => new type(code as Code, message, options),
  };
}

const knownKinds: readonly ErrorKind[] = [errorKind(CoreError), errorKind(ModelError), errorKind(KernelError)];

const builtIn: Readonly<Record<string, new (message: string, options?: ErrorOptions) => Error>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Causes deeper than this are dropped, so that a circular chain ends. */
const maxCauses = 8;

export function packError(thrown: unknown, depth = 0): PackedError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: `a non-error was thrown: ${String(thrown)}` };
  const { code } = thrown as { code?: unknown };
  return {
    name: thrown.name,
    message: thrown.message,
    ...(typeof code === 'string' && { code }),
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
    ...(thrown.cause !== undefined && depth < maxCauses && { cause: packError(thrown.cause, depth + 1) }),
  };
}

/** The error with its class where that is known, and else a plain Error that keeps name and code. */
export function reviveError(packed: PackedError, kinds: readonly ErrorKind[] = []): Error {
  const options = packed.cause === undefined ? {} : { cause: reviveError(packed.cause, kinds) };
  const error = construct(packed, options, [...kinds, ...knownKinds]);
  if (packed.stack !== undefined) {
    Object.defineProperty(error, 'stack', {
      value: packed.stack,
      writable: true,
      configurable: true,
    });
  }
  return error;
}

function construct(packed: PackedError, options: ErrorOptions, kinds: readonly ErrorKind[]): Error {
  const { name, code, message } = packed;
  const kind = kinds.find((candidate) => candidate.name === name);
  if (kind !== undefined && code !== undefined) return kind.revive(code, message, options);
  if (name === 'AbortError' || name === 'TimeoutError') return new DOMException(message, { name, ...options });
  const BuiltIn = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  const error = new (BuiltIn ?? Error)(message, options);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true });
  if (code !== undefined) Object.assign(error, { code });
  return error;
}
