import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import type { Gpu } from '../../../../core/device/gpus.ts';
import { fits } from '../../../../server/host/gpu/fits.ts';
import { type Lease, Shelf } from '../../../../server/host/gpu/shelf.ts';

const none = { onWanted: (): void => {} };
const other = { onWanted: (): void => {} };

function gpu(name: string, index: number, gibibytes?: number): Gpu {
  return { kind: 'nvidia', index, name, ...(gibibytes !== undefined && { memoryBytes: gibibytes * 2 ** 30 }) };
}

test('a GPU is one worker’s until it is given back', (t) => {
  const shelf = new Shelf([gpu('H100', 0)]);
  const lease = shelf.take('h100', none)!;
  t.is(lease.gpu.name, 'H100');
  t.is(shelf.take('h100', none), undefined);
  t.false(shelf.hasFree('h100'));
  t.true(shelf.has('h100'));
  lease[Symbol.dispose]();
  lease[Symbol.dispose]();
  t.not(shelf.take('h100', none), undefined);
  t.is(shelf.take('h100', none), undefined);
});

test('the smallest that will do is given, and of equals the last', (t) => {
  const shelf = new Shelf([gpu('A', 0, 80), gpu('B', 1, 24), gpu('C', 2, 24), gpu('D', 3, 8)]);
  const names = Array.from({ length: 4 }, () => shelf.take({ memory: 16 * 2 ** 30 }, none)?.gpu.name);
  t.deepEqual(names, ['C', 'B', 'A', undefined]);
});

test('who holds one that is wanted hears of it, and who waited for longest gets it', (t) => {
  const shelf = new Shelf([gpu('A', 0, 80), gpu('B', 1, 8)]);
  const heard: string[] = [];
  const a = shelf.take('a', { onWanted: () => heard.push('a wanted') })!;
  const b = shelf.take('b', { onWanted: () => heard.push('b wanted') })!;
  t.false(a.wanted);
  for (const name of ['first', 'second']) {
    shelf.wait('a', other, () => {
      heard.push(name);
      shelf.take('a', none);
    });
  }
  t.true(a.wanted);
  t.false(b.wanted);
  b[Symbol.dispose]();
  a[Symbol.dispose]();
  t.deepEqual(heard, ['a wanted', 'a wanted', 'first']);
});

test('an owner that waits for another one does not want its own', (t) => {
  const shelf = new Shelf([gpu('A', 0)]);
  const owner = { onWanted: () => t.fail() };
  const lease = shelf.take('a', owner)!;
  shelf.wait('a', owner, () => {});
  t.false(lease.wanted);
});

test('one that who waited does not take any more is offered to the next', (t) => {
  const shelf = new Shelf([gpu('A', 0)]);
  const lease = shelf.take('a', none)!;
  const heard: string[] = [];
  shelf.wait('a', other, () => heard.push('declines'));
  shelf.wait('a', other, () => heard.push('left'))[Symbol.dispose]();
  shelf.wait('a', other, () => heard.push('takes'));
  lease[Symbol.dispose]();
  t.deepEqual(heard, ['declines', 'takes']);
});

testProp(
  'whatever is taken and given back, no GPU is two workers’ at once, and none is idle while someone waits for it',
  [
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 6 }),
    fc.array(fc.record({ take: fc.boolean(), which: fc.nat({ max: 20 }) }), { minLength: 1, maxLength: 60 }),
  ],
  (t, kinds, steps) => {
    const shelf = new Shelf(kinds.map((kind, index) => gpu(`K${kind}`, index)));
    const leases: Lease[] = [];
    const waiting: string[] = [];
    const want = (request: string): void => {
      const lease = shelf.take(request, none);
      if (lease) leases.push(lease);
      else {
        waiting.push(request);
        shelf.wait(request, other, () => {
          waiting.splice(waiting.indexOf(request), 1);
          want(request);
        });
      }
    };
    for (const { take, which } of steps) {
      if (take) want(which % 5 === 4 ? 'any' : `k${which % 5}`);
      else leases.splice(which % Math.max(1, leases.length), 1)[0]?.[Symbol.dispose]();
      t.is(new Set(leases.map((lease) => lease.gpu)).size, leases.length);
      const held = new Set(leases.map((lease) => lease.gpu));
      const idle = shelf.gpus.filter((each) => !held.has(each));
      t.false(waiting.some((request) => idle.some((each) => fits(request, each))));
    }
  },
  { verbose: 1 },
);
