import type { Item } from '../contract.ts';
import type { HostedFunction } from './contract.ts';
import { invalid, kindOf, Options } from './options.ts';
import { acceptId, acceptVector } from './query.ts';

const FIELDS = ['id', 'text', 'vector'];

/** `{id, text}` or `{id, vector}` is put into a collection, which is made if there is none, and becomes its id. */
export const upsert: HostedFunction<Item> = {
  name: 'upsert',
  // Of two items with one id the later must win, so their order is kept.
  sequential: true,
  bind(given, engine) {
    const name = new Options('upsert', given, ['collection']).collection();
    // Made when the first items are ready, so that a refused batch leaves no empty collection behind.
    const shape = {
      name,
      dims: engine.collections().find((each) => each.name === name)?.dims ?? engine.model.dims,
    };
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
        if (vector !== undefined) return { id, vector: acceptVector(vector, shape) };
        if (typeof text === 'string') return { id, text };
        throw invalid(`Expected the text of an item to be a string, got ${kindOf(text)}`);
      },
      async run(items, signal) {
        await engine.collection(name).upsert(items, { signal });
        return { kind: 'values', values: items.map(({ id }) => id) };
      },
    };
  },
};
