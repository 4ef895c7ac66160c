import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Admission } from './admission.ts';
import { CallMetrics } from './durable/metrics.ts';
import { type Worked, workerMetrics } from './worker-metrics.ts';

/** Memory, CPU, event loop delay and garbage collection are the process's, so they are observed once however many servers it runs. */
let processMetrics: Registry | undefined;

/** What this node counts, for Prometheus. Names and labels are in docs/operations.md. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = this.#counter('requests_total', 'Requests answered', ['route', 'status']);
  readonly #batches = this.#counter('batches_total', 'Batches run, by how they ended', ['function', 'outcome']);
  readonly #inputs = this.#counter('inputs_total', 'Inputs received in batches that ran', ['function']);
  readonly #resumed = this.#counter('resumed_inputs_total', 'Inputs answered from the journal', ['function']);
  readonly #failures = this.#counter('failures_total', 'Inputs that failed alone', ['function', 'code']);
  readonly #seconds = new Histogram({
    name: 'warpmap_batch_seconds',
    help: 'Time from the arrival of a batch to its last output',
    labelNames: ['function'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [this.#registry],
  });

  /** Of durable calls. */
  readonly calls: CallMetrics;

  constructor(node: {
    readonly admission: Admission;
    readonly functions: { readonly all: readonly Worked[] };
    readonly ready: () => boolean;
  }) {
    this.#gauge('batches_in_flight', 'Batches being received or run', () => node.admission.batches);
    this.#gauge('inputs_in_flight', 'Inputs of those batches', () => node.admission.inputs);
    this.#gauge('ready', '1 when this node takes work', () => Number(node.ready()));
    workerMetrics(node.functions, this.#registry);
    this.calls = new CallMetrics(this.#registry);
    if (!processMetrics) collectDefaultMetrics({ register: (processMetrics = new Registry()) });
  }

  readonly contentType: string = Registry.PROMETHEUS_CONTENT_TYPE;

  request(route: string, status: number): void {
    this.#requests.inc({ route, status });
  }

  /** A batch of a known function ended: `ok`, or the code of the error that ended it. */
  batch(functionName: string, ended: { inputs: number; milliseconds: number; outcome: string }): void {
    this.#batches.inc({ function: functionName, outcome: ended.outcome });
    this.#inputs.inc({ function: functionName }, ended.inputs);
    this.#seconds.observe({ function: functionName }, ended.milliseconds / 1000);
  }

  failure(functionName: string, code: string): void {
    this.#failures.inc({ function: functionName, code });
  }

  /** Inputs of a map with a key were answered from the journal. */
  resumed(functionName: string, inputs: number): void {
    this.#resumed.inc({ function: functionName }, inputs);
  }

  async text(): Promise<string> {
    return Registry.merge([this.#registry, processMetrics!]).metrics();
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `warpmap_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: `warpmap_${name}`,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }
}
