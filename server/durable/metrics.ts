import type { Acknowledgement } from '../store/contract.ts';
import { Counter, Gauge, type Registry } from 'prom-client';

/** What this node counts of durable calls, for Prometheus. Names and labels are in docs/operations.md. */
export class CallMetrics {
  /** Tells how many chunks this node holds. */
  holding: () => number = () => 0;
  readonly #claims: Counter<'function'>;
  readonly #inputs: Counter<'function' | 'outcome'>;
  readonly #lost: Counter<'function'>;
  readonly #errors: Counter<'verb'>;

  constructor(registry: Registry) {
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> =>
      new Counter({ name: `warpmap_${name}`, help, labelNames, registers: [registry] });
    this.#claims = counter('call_chunks_total', 'Chunks of durable calls that this node has leased', ['function']);
    this.#inputs = counter('call_inputs_total', 'Inputs of durable calls, by what became of them', [
      'function',
      'outcome',
    ]);
    this.#lost = counter('call_leases_lost_total', 'Chunks that were not this node’s any more', ['function']);
    this.#errors = counter('store_errors_total', 'Failures of the store of calls', ['verb']);
    const holding = (): number => this.holding();
    new Gauge({
      name: 'warpmap_call_chunks_leased',
      help: 'Chunks of durable calls that this node holds',
      registers: [registry],
      collect() {
        this.set(holding());
      },
    });
  }

  leased(functionName: string): void {
    this.#claims.inc({ function: labelOf(functionName) });
  }

  /** The store has taken what became of inputs. */
  reported(functionName: string, { outcomes, retried }: Pick<Acknowledgement, 'outcomes' | 'retried'>): void {
    const count = (outcome: 'done' | 'failed' | 'retried', inputs: number): void => {
      if (inputs > 0) this.#inputs.inc({ function: labelOf(functionName), outcome }, inputs);
    };
    count(
      'done',
      outcomes.reduce((sum, each) => sum + (each.kind === 'outputs' ? each.count : 0), 0),
    );
    count(
      'failed',
      outcomes.reduce((sum, each) => sum + (each.kind === 'failure' ? 1 : 0), 0),
    );
    count('retried', retried);
  }

  lost(functionName: string): void {
    this.#lost.inc({ function: labelOf(functionName) });
  }

  storeError(verb: string): void {
    this.#errors.inc({ verb });
  }
}

/** Without its run: there are ever more of these, and a label is never forgotten. */
function labelOf(functionName: string): string {
  return functionName.replace(/~[^\/]*/v, '');
}
