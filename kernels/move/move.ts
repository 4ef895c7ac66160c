import type { Kernel, Matrix, Panels, Step } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { planOf } from '../launch/plan.ts';
import { granulesOf, panelsFile } from '../panels/layout.ts';
import { rowsFile, rowsOf, type RowChoice } from '../panels/rows.ts';
import { spanOfPanels, spanOfScales } from '../panels/span.ts';

export interface MoveCall extends RowChoice {
  readonly from: Panels;
  /** uint32, count × 1: the rows to move. Where one is past the last, the row it would have become is left as it is. */
  readonly rows?: Matrix;
  /** Of the same type and dims, in other buffers; with scales if `from` has them. Written. */
  readonly to: Panels;
  /** The row that the first becomes; the others follow it. Default: 0. */
  readonly toRow?: number;
  /** How many rows. */
  readonly count: number;
}

const file = (name: string): URL => new URL(name, import.meta.url);
const moveProgram = { files: [panelsFile, rowsFile, file('move.wgsl')] };
const scalesProgram = { files: [rowsFile, file('scales.wgsl')] };

/** Copies rows, bit for bit, with their scales, to rows side by side of other panels: what closing gaps takes. */
export const move: Kernel<MoveCall> = {
  name: 'move',
  async plan(launcher, call) {
    const { from, to, toRow = 0, count } = call;
    const [source, target] = [spanOfPanels('from', from), spanOfPanels('to', to)];
    if (from.type !== to.type || from.dims !== to.dims || !separate(from, to)) {
      throw new KernelError(
        'INPUT_INVALID',
        `Expected panels of ${from.dims} ${from.type} in other buffers; got ${to.dims} ${to.type}.`,
      );
    }
    if (!Number.isInteger(toRow) || toRow < 0 || !Number.isInteger(count) || count < 0 || toRow + count > to.rows) {
      throw new KernelError(
        'INPUT_INVALID',
        `Expected a place for the rows within the ${to.rows} that there are; got ${count} from ${toRow} on.`,
      );
    }
    const { list, fields } = rowsOf(from, call, count, source);
    const scales = from.scales && [spanOfScales('from', from), spanOfScales('to', to), list];
    if (count === 0 || from.rows === 0) return planOf([]);
    const workgroups = launcher.grid(Math.ceil(count / 64));
    const steps: Step[] = [
      {
        pipeline: await launcher.pipeline(moveProgram),
        bindings: [source, target, list],
        immediates: Uint32Array.of(...fields, count, toRow, granulesOf(from.type, from.dims)),
        workgroups,
      },
    ];
    if (scales !== undefined) {
      const pipeline = await launcher.pipeline(scalesProgram);
      steps.push({ pipeline, bindings: scales, immediates: Uint32Array.of(...fields, count, toRow), workgroups });
    }
    return planOf(steps);
  },
};

/** Whether no buffer is read and written in one dispatch. */
function separate(from: Panels, to: Panels): boolean {
  return from.buffer !== to.buffer && (from.scales === undefined || from.scales.buffer !== to.scales?.buffer);
}
