import { requireShape } from '../collection/shape.ts';
import type { Id } from '../contract.ts';
import type { HostedFunction } from './contract.ts';
import { ofCollection } from './of-collection.ts';
import { acceptId } from './query.ts';

/**
 * An id is removed from a collection, if both are there, and becomes itself. Options: `collection`, and what it is to be
 * like.
 */
export const remove: HostedFunction<Id> = {
  name: 'remove',
  // What is upserted after it must stay.
  sequential: true,
  bind(given, engine) {
    const { name, stated } = ofCollection('remove', given);
    const collection = engine.collections().find((each) => each.name === name);
    if (collection) requireShape(collection, stated);
    return {
      accept: acceptId,
      async run(ids) {
        await collection?.remove(ids);
        return { kind: 'values', values: ids };
      },
    };
  },
};
