import { topkOfRows } from '../../kernels/index.ts';
import { selectReference } from '../../kernels/topk/reference.ts';
import { dotReference } from '../../kernels/dot/reference.ts';
import { runTopk } from './calls.ts';
import { onEveryGpu } from './gpus.ts';
import { difference } from './topk-calls.ts';
import { wholes } from './vectors.ts';

const seed = 20261124;

onEveryGpu('topkOfRows', (check) => {
  check('rows equal those selected from the scores of the float64 reference', async (t, launcher) => {
    for (const [queryCount, count, k] of [
      [1, 65, 5],
      [4, 300, 64],
      [20, 129, 130],
    ] as const) {
      const [queries, items] = [wholes(seed, queryCount * 16), wholes(~seed, count * 16)];
      const { scores } = dotReference(queries, items, 16);
      const { rows } = await runTopk(launcher, queries, items, { dims: 16, k });
      t.is(difference(rows, selectReference(scores, count, k)), -1);
    }
    const matrix = { buffer: (await launcher.scratch(256)).buffer, rows: 1, columns: 1 };
    const call = { queries: matrix, items: matrix, rows: matrix, scores: matrix, k: 0 };
    await t.throwsAsync(topkOfRows.plan(launcher, call), { code: 'INPUT_INVALID', message: /integer from 1 up/ });
  });
});
