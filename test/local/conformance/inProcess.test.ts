import test from 'ava';
import { open } from '../../../index.ts';
import { testConformance } from './suite.ts';

testConformance({
  open: (model) => open({ model, device: 'cpu', threads: 1 }),
  openWrong: () => open({ modle: 'tiny' } as object),
  urls: [/^local$/v],
});

test('options that are none are refused with an example', async (t) => {
  const expected = { code: 'OPTION_INVALID', message: /\{ device: 'cpu' \}, got "cpu"$/v };
  await t.throwsAsync(open('cpu' as unknown as object), expected);
});
