import { ModelError } from '../errors.ts';
import { beside, JoinedFiles } from '../weights/files.ts';
import type { Model, Tensor } from './contract.ts';

/** A model all of whose tensors can be written into one file while this is open. */
export interface SelfContained extends AsyncDisposable {
  readonly model: Model;
}

/**
 * Turns a model's references to files beside `path` into tensors that are read when the model is written. Tensors within
 * subgraphs keep their references. Throws `MODEL_NOT_FOUND` or `MODEL_INVALID` where a file is missing, too short, or lies
 * outside the model's folder.
 */
export async function openExternalData(model: Model, path: string): Promise<SelfContained> {
  const stack = new AsyncDisposableStack();
  try {
    const files = new Map<string, JoinedFiles>();
    for (const { external } of model.graph.initializers)
      if (external && !files.has(external.location))
        files.set(external.location, stack.use(await JoinedFiles.open([beside(path, external.location)])));
    const initializers = model.graph.initializers.map((tensor) => {
      const file = tensor.external && files.get(tensor.external.location);
      return file ? inline(tensor, file) : tensor;
    });
    const open = stack.move();
    return {
      model: { ...model, graph: { ...model.graph, initializers } },
      [Symbol.asyncDispose]: () => open.disposeAsync(),
    };
  } catch (cause) {
    await stack.disposeAsync();
    throw cause;
  }
}

function inline({ name, type, dims, external }: Tensor, file: JoinedFiles): Tensor {
  const { offset, length } = external ?? { offset: 0 };
  const byteLength = length ?? file.byteLength - offset;
  if (byteLength < 0 || offset + byteLength > file.byteLength)
    throw new ModelError(
      'MODEL_INVALID',
      `Expected the external data of tensor \`${name}\` at bytes ${offset} to ${offset + byteLength}, ` +
        `found ${file.byteLength} bytes: the download is incomplete. Fetch the model again.`,
    );
  return { name, type, dims, data: { byteLength, read: () => file.read(offset, byteLength) } };
}
