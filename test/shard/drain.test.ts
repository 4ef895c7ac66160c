import { fc, testProp } from '@fast-check/ava';
import test from 'ava';
import { Drain, type Spring } from '../../shard/drain.ts';

type Request = 'next' | 'return' | 'throw';

/** A spring of the values of `script`; `wait` makes the next one come later, `fail` throws. */
class Scripted implements Spring<number> {
  readonly events: string[] = [];
  readonly #script: (number | 'wait' | 'fail')[];

  constructor(script: readonly (number | 'wait' | 'fail')[]) {
    this.#script = [...script];
  }

  open(): void {
    this.events.push('open');
  }

  get ready(): boolean {
    return typeof this.#script[0] === 'number';
  }

  take(): number {
    return this.#script.shift() as number;
  }

  async more(): Promise<boolean> {
    const next = this.#script.shift();
    if (next === 'fail') throw new RangeError('the spring is dry');
    await Promise.resolve();
    return next !== undefined;
  }

  async close(complete: boolean): Promise<void> {
    await Promise.resolve();
    this.events.push(complete ? 'complete' : 'early');
  }
}

/** The same as a generator. */
async function* generated(spring: Spring<number>): AsyncGenerator<number, void, undefined> {
  let complete = false;
  spring.open();
  try {
    for (;;) {
      while (spring.ready) yield spring.take();
      if (!(await spring.more())) break;
    }
    complete = true;
  } finally {
    await spring.close(complete);
  }
}

async function ask(outputs: AsyncGenerator<number, void>, requests: readonly Request[]): Promise<string[]> {
  const answers = requests.map(async (request) => {
    try {
      const given = request === 'throw' ? outputs.throw(new TypeError('thrown in')) : outputs[request]();
      const { done, value } = await given;
      return `${done} ${value}`;
    } catch (error) {
      return String(error);
    }
  });
  return Promise.all(answers);
}

const scripts = fc.array(fc.oneof(fc.nat(9), fc.constant('wait' as const), fc.constant('fail' as const)));
const requests = fc.array(
  fc.oneof({ weight: 6, arbitrary: fc.constant('next' as const) }, fc.constantFrom<Request>('return', 'throw')),
  { maxLength: 20 },
);

testProp('requests made together are answered as by a generator', [scripts, requests], async (t, script, asked) => {
  const [drained, model] = [new Scripted(script), new Scripted(script)];
  t.deepEqual(await ask(new Drain(drained), asked), await ask(generated(model), asked));
  t.deepEqual(drained.events, model.events);
});

test('a loop takes all values and closes the spring once', async (t) => {
  const spring = new Scripted([1, 2, 'wait', 3]);
  t.deepEqual(await Array.fromAsync(new Drain(spring)), [1, 2, 3]);
  t.deepEqual(spring.events, ['open', 'complete']);
});

test('leaving the loop closes the spring before the program goes on', async (t) => {
  const spring = new Scripted([1, 2]);
  for await (const value of new Drain(spring)) if (value === 1) break;
  t.deepEqual(spring.events, ['open', 'early']);
});

test('what was never asked for a value is never opened', async (t) => {
  const spring = new Scripted([1]);
  {
    await using unused = new Drain(spring);
    t.truthy(unused);
  }
  t.deepEqual(spring.events, []);
});
