import {
  fastestShape,
  knownShape,
  openTuner,
  panelsBytes,
  tuningIdentity,
  type Launcher,
  type SearchShape,
  type TileShape,
  type Tuner,
  type TuningStore,
} from '../../kernels/index.ts';
import { packageVersion } from '../version.ts';

/** Smaller collections are searched in well under a millisecond, whatever the tiles. */
const LEAST_BYTES = 64 * 2 ** 20;

export interface SearchTuningOptions {
  readonly store: TuningStore;
  /** Bytes of a collection from which on searches are measured. Default: 64 MiB. */
  readonly leastBytes?: number;
}

/** Which tiles searches of large collections take: the usual ones until the fastest are known, by measuring meanwhile. */
export class SearchTuning {
  readonly #launcher: Launcher;
  readonly #tuner: Tuner;
  readonly #leastBytes: number;
  #measuring: Promise<void> | undefined;
  #ended = false;

  constructor(launcher: Launcher, { store, leastBytes = LEAST_BYTES }: SearchTuningOptions) {
    this.#launcher = launcher;
    this.#leastBytes = leastBytes;
    const identity = tuningIdentity(launcher.device.adapterInfo, packageVersion());
    this.#tuner = openTuner(launcher, { identity, store });
  }

  /** The tiles for a search where they are known. Never waits: what is not known is measured for the searches to come. */
  shape(search: SearchShape): TileShape | undefined {
    if (panelsBytes(search.type, search.dims, search.rows) < this.#leastBytes) return undefined;
    const known = knownShape(this.#tuner, search);
    // One at a time, so that none is slowed by another.
    if (known === undefined && !this.#ended) this.#measuring ??= this.#measure(search);
    return known;
  }

  /** Settles when what is being measured has been. Never rejects. */
  async settled(): Promise<void> {
    await this.#measuring;
  }

  /** Measures nothing from now on. Settles as `settled` does. */
  end(): Promise<void> {
    this.#ended = true;
    return this.settled();
  }

  async #measure(search: SearchShape): Promise<void> {
    try {
      await fastestShape(this.#launcher, this.#tuner, search);
    } catch {
      // A search needs no tuning. Where there is no memory for it, or no device, there won't be the next time.
      this.#ended = true;
    } finally {
      this.#measuring = undefined;
    }
  }
}
