import type { Program } from '../contract.ts';
import { KernelError } from '../errors.ts';
import { guarded } from './guard.ts';
import { readShader } from './shader.ts';

const known = new WeakMap<GPUDevice, Pipelines>();

/** The compiled programs of a device, whichever launcher asks. */
export function pipelinesOf(device: GPUDevice): Pipelines {
  const pipelines = known.get(device) ?? new Pipelines(device);
  known.set(device, pipelines);
  return pipelines;
}

/** Compiled programs of one device, each compiled once. */
class Pipelines {
  readonly #device: GPUDevice;
  readonly #compiled = new Map<string, Promise<GPUComputePipeline>>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get(program: Program): Promise<GPUComputePipeline> {
    const key = JSON.stringify([program.files, program.constants ?? {}]);
    const compiled = this.#compiled.get(key);
    if (compiled !== undefined) return compiled;
    const compiling = this.#compile(program);
    this.#compiled.set(key, compiling);
    // A failure is not kept: the owner may try again on a device that has recovered.
    compiling.catch(() => this.#compiled.delete(key));
    return compiling;
  }

  async #compile(program: Program): Promise<GPUComputePipeline> {
    const source = await readShader(program);
    const { label } = source;
    const { result: module, verdict } = guarded(this.#device, label, () =>
      this.#device.createShaderModule({ label, code: source.code }),
    );
    const { messages } = await module.getCompilationInfo();
    const failure = await verdict;
    const first = messages.find((message) => message.type === 'error');
    if (first !== undefined) {
      const position = source.locate(first.lineNum, first.linePos);
      throw new KernelError(
        'SHADER_INVALID',
        `${position.file}:${position.line}:${position.column}: ${first.message}`,
        { position },
      );
    }
    if (failure !== undefined) throw failure;
    try {
      return await this.#device.createComputePipelineAsync({ label, layout: 'auto', compute: { module } });
    } catch (error) {
      throw new KernelError('SHADER_INVALID', `${label} can't become a pipeline: ${(error as Error).message.trim()}`, {
        cause: error,
      });
    }
  }
}
