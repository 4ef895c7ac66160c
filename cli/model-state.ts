import { DEFAULT_MODEL } from '../core/open.ts';
import { ModelError } from '../models/errors.ts';
import { resolveModel } from '../models/source/index.ts';

/** Whether the model that `serve` and `embed` would open is on this machine. */
export type ModelState =
  | { readonly model: string; readonly status: 'present'; readonly origin: string }
  | { readonly model: string; readonly status: 'missing'; readonly reason: string };

/** Looks without the network. */
export async function findModel(): Promise<ModelState> {
  const model = process.env['WARPMAP_MODEL'] || DEFAULT_MODEL;
  try {
    const { origin } = await resolveModel(model, { offline: true });
    return { model, status: 'present', origin };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { model, status: 'missing', reason: error.message };
  }
}

export function describeModel(state: ModelState): string {
  if (state.status === 'present') return `model ${state.model} is here: ${state.origin}`;
  return `model ${state.model} is not here yet\n  why   ${state.reason}`;
}
