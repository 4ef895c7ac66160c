/** What every implementation of Objects must do, wherever the bytes lie. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import test, { type ExecutionContext } from 'ava';
import type { ObjectBytes, Objects } from '../../../server/objects/contract.ts';
import { patternBytes, readAll } from './bytes.ts';

/** A store of its own, empty. What is opened on it twice are two users of one store, as two nodes are. */
export interface Place extends AsyncDisposable {
  open(): Promise<Objects>;
}

export interface Subject {
  readonly name: string;
  readonly place: () => Promise<Place>;
  /** Bytes of the object that is large. Default: 8 MiB. */
  readonly largeBytes?: number;
}

const seed = 20_261_124;
const text = (value: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(value));
const textOf = async (objects: Objects, key: string): Promise<string | undefined> => {
  const bytes = await readAll(await objects.read(key));
  return bytes && Buffer.from(bytes).toString();
};
const keysOf = async (objects: Objects, prefix: string, after?: string): Promise<string[]> =>
  (await Array.fromAsync(objects.list(prefix, after))).map(({ key }) => key);

export function objectsConformance({ name, place, largeBytes = 8 * 1024 * 1024 }: Subject): void {
  const check = (
    title: string,
    body: (t: ExecutionContext, objects: Objects, other: () => Promise<Objects>) => Promise<void>,
  ): void => {
    test(`${name}: ${title}`, async (t) => {
      t.timeout(120_000);
      await using stack = new AsyncDisposableStack();
      const placed = stack.use(await place());
      const open = async (): Promise<Objects> => stack.use(await placed.open());
      await body(t, await open(), open);
    });
  };

  check('what was written is read, and told of, by whoever uses the store', async (t, objects, other) => {
    const before = Date.now();
    await objects.write('a/b.txt', text('hello'));
    for (const each of [objects, await other()]) {
      t.is(await textOf(each, 'a/b.txt'), 'hello');
      const stat = await each.stat('a/b.txt');
      t.is(stat?.key, 'a/b.txt');
      t.is(stat?.bytes, 5);
      // Clocks of a service may differ, and be coarse.
      t.true(Math.abs((stat?.modified ?? 0) - before) < 60_000);
    }
  });

  check('what is not there is undefined', async (t, objects) => {
    await objects.write('a/b', text('x'));
    for (const key of ['b', 'a/c', 'a/b/c', 'c/d/e', 'a']) {
      t.is(await objects.read(key), undefined, key);
      t.is(await objects.stat(key), undefined, key);
      await objects.remove(key);
    }
    t.is(await textOf(objects, 'a/b'), 'x');
  });

  check('an object can be empty', async (t, objects) => {
    await objects.write('none', new Uint8Array(0));
    await objects.create('nothing', new Uint8Array(0));
    for (const key of ['none', 'nothing']) {
      t.is(await textOf(objects, key), '');
      t.is((await objects.stat(key))?.bytes, 0);
      t.deepEqual(await readAll(await objects.read(key, { start: 0, end: 10 })), new Uint8Array(0));
    }
  });

  check('a second write replaces the first', async (t, objects) => {
    await objects.write('k', text('the first, which is longer'));
    await objects.write('k', text('second'));
    t.is(await textOf(objects, 'k'), 'second');
    t.is((await objects.stat('k'))?.bytes, 6);
  });

  check('upper and lower case are different keys', async (t, objects) => {
    await objects.write('Key/A', text('upper'));
    await objects.write('key/a', text('lower'));
    t.is(await textOf(objects, 'Key/A'), 'upper');
    t.is(await textOf(objects, 'key/a'), 'lower');
    t.deepEqual(await keysOf(objects, ''), ['Key/A', 'key/a']);
  });

  check('create puts an object once, and says who did', async (t, objects, other) => {
    t.true(await objects.create('log/1', text('mine')));
    t.false(await objects.create('log/1', text('again')));
    t.false(await (await other()).create('log/1', text('theirs')));
    t.is(await textOf(objects, 'log/1'), 'mine');
    await objects.remove('log/1');
    t.true(await objects.create('log/1', text('anew')));
    t.is(await textOf(objects, 'log/1'), 'anew');
  });

  check('create leaves alone what was written', async (t, objects) => {
    await objects.write('k', text('written'));
    t.false(await objects.create('k', text('created')));
    t.is(await textOf(objects, 'k'), 'written');
  });

  check('of many who create at once exactly one succeeds, and its bytes are there', async (t, objects, other) => {
    const users = [objects, await other(), await other()];
    for (let round = 0; round < 5; round++) {
      const made = await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const won = await users[index % users.length]!.create(`race/${round}`, text(`by ${index}`));
          return won ? index : undefined;
        }),
      );
      const winners = made.filter((index) => index !== undefined);
      t.is(winners.length, 1);
      t.is(await textOf(objects, `race/${round}`), `by ${winners[0]}`);
    }
  });

  check('a range is as much of it as there is', async (t, objects) => {
    await objects.write('k', text('0123456789'));
    const range = async (start: number, end?: number): Promise<string> =>
      Buffer.from((await readAll(await objects.read('k', { start, ...(end !== undefined && { end }) })))!).toString();
    t.is(await range(0), '0123456789');
    t.is(await range(3), '3456789');
    t.is(await range(3, 3), '');
    t.is(await range(3, 4), '3');
    t.is(await range(0, 10), '0123456789');
    t.is(await range(9, 10), '9');
    t.is(await range(8, 1000), '89');
    t.is(await range(10), '');
    t.is(await range(11, 20), '');
    t.is(await objects.read('other', { start: 0, end: 1 }), undefined);
  });

  check(
    'a list has the keys that begin so, after the one that is named, in the order of their bytes',
    async (t, objects) => {
      const keys = ['A', 'a-b/c', 'a.b', 'a/b', 'a/b0', 'a/bb/c', 'a0', 'aa/b', 'b/c/d/e', 'c_d', 'cD'];
      for (const key of keys.toReversed()) await objects.write(key, text(key));
      const sorted = keys.toSorted();
      t.deepEqual(await keysOf(objects, ''), sorted);
      for (const prefix of ['a', 'a/', 'a/b', 'a/bb/', 'b/', 'b/c/d/e', 'c', 'd', 'a/bb/c/']) {
        t.deepEqual(
          await keysOf(objects, prefix),
          sorted.filter((key) => key.startsWith(prefix)),
          prefix,
        );
      }
      for (const after of [...keys, 'a', 'a/', 'a/c', 'b', 'zz']) {
        t.deepEqual(
          await keysOf(objects, '', after),
          sorted.filter((key) => key > after),
          after,
        );
      }
      t.deepEqual(await keysOf(objects, 'a/', 'a/b'), ['a/b0', 'a/bb/c']);
      for await (const { key, bytes } of objects.list('')) t.is(bytes, key.length);
    },
  );

  check('a list of more than a service tells at once is whole', async (t, objects) => {
    const keys = Array.from({ length: 1234 }, (_, index) => `many/${String(index).padStart(5, '0')}`);
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(keys.slice(at, at + 50).map((key) => objects.write(key, text(key))));
    }
    t.deepEqual(await keysOf(objects, 'many/'), keys);
    t.deepEqual(await keysOf(objects, 'many/', 'many/01000'), keys.slice(1001));
    // Left before its end.
    for await (const { key } of objects.list('many/')) {
      t.is(key, 'many/00000');
      break;
    }
  });

  check('a removed object is gone, and its neighbours are not', async (t, objects) => {
    await objects.write('a/b/c', text('1'));
    await objects.write('a/b/d', text('2'));
    await objects.remove('a/b/c');
    await objects.remove('a/b/c');
    t.is(await objects.read('a/b/c'), undefined);
    t.is(await textOf(objects, 'a/b/d'), '2');
    await objects.remove('a/b/d');
    t.deepEqual(await keysOf(objects, ''), []);
    await objects.write('a/b/c', text('3'));
    t.is(await textOf(objects, 'a/b/c'), '3');
  });

  check('a key that is none is refused, and nothing is touched', async (t, objects) => {
    const long = 'a'.repeat(121);
    const hostile = [
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      '../a',
      'a/../b',
      'a/..',
      '.a',
      'a/.b',
      '-a',
      'a\\b',
      'a b',
    ];
    hostile.push('a\0b', 'a\nb', 'ä', 'a%2e', 'a:b', '~', 'C:/a', long, `a/${long}`, `${'a/'.repeat(16)}a`, 'a*');
    hostile.push(`${'a'.repeat(120)}/${'b'.repeat(120)}/${'c'.repeat(120)}/${'d'.repeat(120)}/${'e'.repeat(29)}`);
    for (const key of hostile) {
      const refused = { code: 'OBJECT_KEY_INVALID' };
      await t.throwsAsync(objects.read(key), refused, JSON.stringify(key));
      await t.throwsAsync(objects.write(key, text('x')), refused);
      await t.throwsAsync(objects.create(key, text('x')), refused);
      await t.throwsAsync(objects.stat(key), refused);
      await t.throwsAsync(objects.remove(key), refused);
    }
    t.deepEqual(await keysOf(objects, ''), []);
  });

  check('the longest keys are keys', async (t, objects) => {
    const segment = 'A'.repeat(120);
    const keys = [`${segment}/${'b'.repeat(120)}/${segment}/${segment}/${'e'.repeat(28)}`, `${'a/'.repeat(15)}a`];
    for (const key of keys) {
      await objects.write(key, text('far'));
      t.is(await textOf(objects, key), 'far');
    }
    t.deepEqual(await keysOf(objects, ''), keys.toSorted());
  });

  check('a large object is streamed in and out, and any part of it is exact', async (t, objects) => {
    const whole = createHash('sha256');
    async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      for (let at = 0, size = 1; at < largeBytes; at += size, size = Math.min(size * 3 + 1, largeBytes - at, 300_000)) {
        const piece = patternBytes(at, size);
        whole.update(piece);
        yield piece;
      }
    }
    await objects.write('large', pieces());
    t.is((await objects.stat('large'))?.bytes, largeBytes);
    const read = createHash('sha256');
    for await (const part of (await objects.read('large'))!) read.update(part);
    t.is(read.digest('hex'), whole.digest('hex'));
    const [start, end] = [largeBytes - 1_500_001, largeBytes - 7];
    const part = await readAll(await objects.read('large', { start, end }));
    t.true(Buffer.from(patternBytes(start, end - start)).equals(part!));
  });

  check('what fails while it is written leaves what was there', async (t, objects) => {
    await objects.write('k', text('before'));
    async function* failing(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      yield patternBytes(0, 600_000);
      throw new RangeError('the disk of the client');
    }
    await t.throwsAsync(objects.write('k', failing()), { instanceOf: RangeError });
    await t.throwsAsync(objects.write('new', failing()), { instanceOf: RangeError });
    t.is(await textOf(objects, 'k'), 'before');
    t.is(await objects.read('new'), undefined);
    t.deepEqual(await keysOf(objects, ''), ['k']);
  });

  check('who reads while it is replaced or removed gets the bytes of one write, or an error', async (t, objects) => {
    const size = 2_000_000;
    const one = new Uint8Array(size).fill(1);
    const two = new Uint8Array(size).fill(2);
    await objects.write('k', one);
    for (const change of [() => objects.write('k', two), () => objects.remove('k')]) {
      const stream = (await objects.read('k'))!;
      const reader = stream.getReader();
      const parts: Uint8Array[] = [(await reader.read()).value!];
      await change();
      const rest = await readRest(reader).catch(() => undefined);
      if (rest === undefined) continue;
      const bytes = Buffer.concat([...parts, ...rest]);
      t.is(bytes.length, size);
      t.true(bytes.every((byte) => byte === bytes[0]));
    }
    t.is(await objects.read('k'), undefined);
  });

  check('who stops reading is not waited for', async (t, objects) => {
    await objects.write('k', new Uint8Array(3_000_000));
    const stream = (await objects.read('k'))!;
    await stream.cancel();
    for await (const part of (await objects.read('k'))!) {
      t.true(part.length > 0);
      break;
    }
    await objects.remove('k');
  });

  check('writers of one key leave the bytes of one of them', async (t, objects, other) => {
    const users = [objects, await other()];
    const size = 400_000;
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => users[index % 2]!.write('k', new Uint8Array(size).fill(index))),
    );
    const bytes = (await readAll(await objects.read('k')))!;
    t.is(bytes.length, size);
    t.true(bytes.every((byte) => byte === bytes[0]));
  });

  check(`does what a map would (seed ${seed})`, async (t, objects, other) => {
    const users = [objects, await other()];
    let round = 0;
    const key = fc.constantFrom('a', 'b/c', 'b/d', 'e/f/g', 'E');
    const command = fc.oneof(
      fc.record({
        op: fc.constantFrom('write' as const, 'create' as const),
        key,
        bytes: fc.uint8Array({ maxLength: 40 }),
      }),
      fc.record({ op: fc.constantFrom('remove' as const, 'read' as const, 'list' as const), key }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(command, fc.nat(1)), { maxLength: 25 }), async (commands) => {
        const at = `run${round++}/`;
        const model = new Map<string, Uint8Array>();
        for (const [each, user] of commands) {
          const used = users[user]!;
          const full = at + each.key;
          if ('bytes' in each) {
            const bytes = Uint8Array.from(each.bytes);
            if (each.op === 'write') await used.write(full, piecesOf(bytes));
            else t.is(await used.create(full, bytes), !model.has(full));
            if (each.op === 'write' || !model.has(full)) model.set(full, bytes);
          } else if (each.op === 'remove') {
            await used.remove(full);
            model.delete(full);
          } else if (each.op === 'read') {
            const bytes = await readAll(await used.read(full));
            t.deepEqual(bytes && [...bytes], model.has(full) ? [...model.get(full)!] : undefined);
          } else {
            const listed = (await Array.fromAsync(used.list(at))).map(({ key: found, bytes }) => [found, bytes]);
            const keys = [...model.keys()].toSorted();
            t.deepEqual(
              listed,
              keys.map((found) => [found, model.get(found)!.length]),
            );
          }
        }
      }),
      { seed, numRuns: 15 },
    );
  });
}

function piecesOf(bytes: Uint8Array<ArrayBuffer>): ObjectBytes {
  if (bytes.length % 2 === 0) return bytes;
  return (async function* () {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  })();
}

async function readRest(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for (let next; !(next = await reader.read()).done;) parts.push(next.value);
  return parts;
}
