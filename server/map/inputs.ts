import { type Block, decodeBlockInSteps, encodeBlock } from '../../shard/wire/block.ts';
import { cutInputs } from '../../shard/wire/cut.ts';
import { Allowance } from '../../shard/wire/scan.ts';
import type { BatchInputs } from './form.ts';

/** Inputs that came as frames. */
export function encodedInputs(blocks: readonly Block[]): BatchInputs {
  return {
    count: blocks.reduce((sum, { count }) => sum + count, 0),
    blocks: () => blocks,
    async values(turns) {
      const values: unknown[] = [];
      // One for all, since all of them are held.
      const allowance = new Allowance();
      for (const block of blocks) {
        const steps = decodeBlockInSteps(block, { allowance });
        let step = await turns.run(() => steps.next());
        while (!step.done) step = await turns.run(() => steps.next());
        for (const value of step.value) values.push(value);
      }
      return values;
    },
  };
}

/** Inputs that came as JSON. */
export function plainInputs(values: readonly unknown[]): BatchInputs {
  return {
    count: values.length,
    blocks: () => Array.from(cutInputs(values), (part) => encodeBlock(part)),
    values: async () => values,
  };
}
