import test from 'ava';
import { expectTypeOf } from 'expect-type';
import { type Connection, connect, type Inputs, type InputError, type NodeStatus, open, zip } from 'warpmap';
import type { Yields } from './yields.ts';

test('an engine in this process and connected nodes are used alike', (t) => {
  expectTypeOf(open).returns.resolves.toEqualTypeOf<Connection>();
  expectTypeOf(connect).returns.resolves.toEqualTypeOf<Connection>();
  expectTypeOf<Connection>().toExtend<AsyncDisposable>();
  const tried = (): void => {
    void [open(), open({ device: 'webgpu:1', threads: 2 }), connect(), connect({ nodes: ['a:1'], token: 'x' })];
    // @ts-expect-error: options are known by name.
    void open({ modle: 'x' });
    // @ts-expect-error: a device is one of the kinds.
    void open({ device: 'gpu' });
    // @ts-expect-error: an engine in this process has no nodes.
    void open({ nodes: ['a:1'] });
    // @ts-expect-error: nodes are a list.
    void connect({ nodes: 'a:1' });
  };
  t.is(typeof tried, 'function');
});

test('the caller supplies the types of a function that is called by its name', (t) => {
  const tried = (connection: Connection): void => {
    const scorer = connection.function<{ readonly video: string }, number>('score', { threshold: 0.5 });
    const scores = scorer.map([{ video: 'a' }]);
    expectTypeOf<Yields<typeof scores>>().toEqualTypeOf<number>();
    const tolerant = scorer.map([{ video: 'a' }], { returnErrors: true });
    expectTypeOf<Yields<typeof tolerant>>().toEqualTypeOf<number | InputError>();
    // @ts-expect-error: the inputs are those of the function.
    scorer.map(['a']);
    const unknown = connection.function('score').map(['a', 1]);
    expectTypeOf<Yields<typeof unknown>>().toBeUnknown();
    const tuples = connection.function<readonly [string, number], string>('pair').map(zip(['a'], [1]));
    expectTypeOf<Yields<typeof tuples>>().toEqualTypeOf<string>();
  };
  expectTypeOf(zip(['a'], new Set([1]))).toEqualTypeOf<Inputs<[string, number]>>();
  t.is(typeof tried, 'function');
});

test('a node tells of itself only if it was reached', (t) => {
  const tried = (node: NodeStatus): void => {
    if (node.reachable) expectTypeOf(node.device.kind).toBeString();
    else expectTypeOf(node.error).toEqualTypeOf<Error>();
    // @ts-expect-error: a node that may be out of reach has no model.
    void node.model;
  };
  t.is(typeof tried, 'function');
});
