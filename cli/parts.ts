import type { Engine } from '../core/contract.ts';
import type { EngineOptions } from '../core/open.ts';

/** What the commands stand on, so that a test can put an engine of its own under them. */
export interface Parts {
  openEngine(options: EngineOptions): Promise<Engine>;
}

/** Loaded when a command needs it: `--help` and mistakes are answered at once. */
export const realParts: Parts = {
  async openEngine(options) {
    const { openEngine } = await import('../core/open.ts');
    return openEngine(options);
  },
};
