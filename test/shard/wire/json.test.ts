import test from 'ava';
import { jsonEnd, jsonError, jsonFailure, jsonOutput, parseJsonRequest } from '../../../shard/wire/json.ts';

const parse = (body: unknown) =>
  parseJsonRequest(typeof body === 'string' ? body : JSON.stringify(body), { call: 'made-here' });

test('a request may leave out all but the function and its inputs', (t) => {
  t.deepEqual(parse({ function: 'embed', inputs: ['a', 'b'] }), {
    head: { function: 'embed', call: 'made-here', batch: 0, attempt: 0, count: 2 },
    inputs: ['a', 'b'],
  });
});

test('a request may name its call, batch and attempt', (t) => {
  const fields = { function: 'f', call: 'c', batch: 2, attempt: 1, options: { k: 5 } };
  t.deepEqual(parse({ ...fields, inputs: [1] }).head, { ...fields, count: 1 });
});

test('a request with one broken rule is refused', (t) => {
  const good = { function: 'f', inputs: [] };
  t.notThrows(() => parse(good));
  let deep: unknown = 0;
  for (let depth = 0; depth < 70; depth++) deep = [deep];
  const broken = [
    'not json',
    '[]',
    { ...good, inputs: 'a' },
    { ...good, function: '' },
    { ...good, function: 'f'.repeat(129) },
    { ...good, batch: -1 },
    { ...good, attempt: 0.5 },
    { ...good, options: [] },
    { ...good, count: 3 },
    { ...good, inputs: [deep] },
    '{"function": "f", "inputs": [{"__proto__": {}}]}',
  ];
  for (const body of broken) t.throws(() => parse(body), { code: 'FRAME_INVALID' });
});

test('each message is one line', (t) => {
  const error = { code: 'FUNCTION_FAILED', message: 'no\nluck' };
  t.is(jsonOutput(0, Float32Array.of(0.5, NaN)), '{"index":0,"output":[0.5,null]}\n');
  t.is(jsonOutput(1, undefined), '{"index":1,"output":null}\n');
  t.is(jsonOutput(2, { big: 1n, set: new Set([1]) }), '{"index":2,"output":{"big":"1","set":[1]}}\n');
  t.is(jsonFailure(3, error), '{"index":3,"error":{"code":"FUNCTION_FAILED","message":"no\\nluck"}}\n');
  t.is(jsonEnd({ count: 3, failed: 1, milliseconds: 2 }), '{"end":{"count":3,"failed":1,"milliseconds":2}}\n');
  t.is(jsonError(error), '{"error":{"code":"FUNCTION_FAILED","message":"no\\nluck"}}\n');
});
