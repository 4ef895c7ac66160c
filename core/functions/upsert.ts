import { requireShape } from '../collection/shape.ts';
import type { Item } from '../contract.ts';
import type { HostedFunction } from './contract.ts';
import { ofCollection } from './of-collection.ts';
import { invalid, kindOf } from './options.ts';
import { acceptId, acceptVector } from './query.ts';

const FIELDS = ['id', 'text', 'vector'];

/**
 * `{id, text}` or `{id, vector}` is put into a collection, which is made if there is none, and becomes its id. Options:
 * `collection`, and what it is to be like.
 */
export const upsert: HostedFunction<Item> = {
  name: 'upsert',
  // Of two items with one id the later must win, so their order is kept.
  sequential: true,
  bind(given, engine) {
    const { name, stated } = ofCollection('upsert', given);
    // Made when the first items are ready, so that a refused batch leaves no empty collection behind.
    const known = engine.collections().find((each) => each.name === name);
    if (known) requireShape(known, stated);
    const holds = known ?? { name, dims: stated.dims ?? engine.model.dims, truncates: stated.dims !== undefined };
    return {
      accept(input) {
        if (typeof input !== 'object' || input === null || Array.isArray(input) || ArrayBuffer.isView(input)) {
          throw invalid(`Expected an item {id, text} or {id, vector}, got ${kindOf(input)}`);
        }
        const fields = new Map<string, unknown>(Object.entries(input));
        for (const field of fields.keys()) {
          if (!FIELDS.includes(field))
            throw invalid(`An item has no field ${JSON.stringify(field)}; its fields are ${FIELDS.join(', ')}`);
        }
        const id = acceptId(fields.get('id'));
        const text = fields.get('text');
        const vector = fields.get('vector');
        if ((text === undefined) === (vector === undefined)) {
          throw invalid('Expected an item to have either a text or a vector');
        }
        if (vector !== undefined) return { id, vector: acceptVector(vector, holds) };
        if (typeof text === 'string') return { id, text };
        throw invalid(`Expected the text of an item to be a string, got ${kindOf(text)}`);
      },
      async run(items, signal) {
        await engine.collection(name, stated).upsert(items, { signal });
        return { kind: 'values', values: items.map(({ id }) => id) };
      },
    };
  },
};
