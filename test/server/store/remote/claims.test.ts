import test from 'ava';
import type { Lease } from '../../../../server/store/contract.ts';
import { Claims } from '../../../../server/store/remote/claims.ts';
import { ManualClock } from '../../fixtures/clock.ts';

const MIB = 1024 * 1024;

/** A lease whose block has so many bytes, which nobody reads. */
function lease(mebibytes: number): Lease {
  const block = new Uint8Array(mebibytes * MIB);
  return {
    call: 'c',
    index: 0,
    fence: 1,
    function: 'f',
    options: {},
    retries: undefined,
    first: 0,
    count: 1,
    block,
    settled: [],
    losses: 0,
    failures: [],
  };
}

test('claims are kept for those that ask again, but no more than 256 MiB of them', async (t) => {
  const claims = new Claims(new ManualClock());
  let made = 0;
  const claim = (number: string): Promise<Lease[]> =>
    claims.once(number, async () => {
      made++;
      return [lease(100)];
    });
  for (const number of ['1', '2', '1', '2']) await claim(number);
  t.is(made, 2);
  await claim('3');
  t.is(made, 3, 'of three the oldest is forgotten');
  await claim('2');
  await claim('3');
  t.is(made, 3);
  await claim('1');
  t.is(made, 4);
});

test('a claim is forgotten after ten seconds, and one larger than all may be is kept until then', async (t) => {
  const clock = new ManualClock();
  const claims = new Claims(clock);
  let made = 0;
  const claim = (): Promise<Lease[]> =>
    claims.once('1', async () => {
      made++;
      return [lease(300)];
    });
  await claim();
  await claim();
  t.is(made, 1);
  clock.advance(10_000);
  await claim();
  t.is(made, 2);
});
