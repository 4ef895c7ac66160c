import { blockOf } from '../../../shard/wire/block.ts';
import { Chunks } from '../../../shard/wire/chunks.ts';
import { previewOf } from '../../../shard/preview.ts';
import type { BatchInputs } from '../../map/form.ts';
import { encodedInputs, plainInputs } from '../../map/inputs.ts';
import type { Turns } from '../../map/turns.ts';
import type { Lease } from '../../store/contract.ts';

/** The inputs of a chunk: handed on as they came, and read only if some of them are wanted without the others. */
export class ChunkInputs {
  readonly #block: Lease['block'];
  readonly #count: number;
  readonly #turns: Turns;
  #values: Promise<readonly unknown[]> | undefined;

  constructor({ block, count }: Pick<Lease, 'block' | 'count'>, turns: Turns) {
    this.#block = block;
    this.#count = count;
    this.#turns = turns;
  }

  /** Those at some offsets, rising. Throws `FRAME_INVALID`. */
  async at(offsets: readonly number[]): Promise<BatchInputs> {
    if (offsets.length === this.#count) return this.#whole();
    const values = await this.#read();
    return plainInputs(offsets.map((offset) => values[offset]));
  }

  /** The beginning of one, as text. */
  async preview(offset: number): Promise<string> {
    try {
      return previewOf((await this.#read())[offset]);
    } catch {
      return 'unreadable';
    }
  }

  #read(): Promise<readonly unknown[]> {
    return (this.#values ??= this.#whole().values(this.#turns));
  }

  #whole(): BatchInputs {
    return encodedInputs([blockOf(new Chunks([this.#block]))]);
  }
}
