import { ModelError } from '../errors.ts';
import { isObject } from './json-file.ts';
import { isInside } from './relative-path.ts';

/** The parts of a sentence-transformers pipeline, as `modules.json` lists them. */
export interface Modules {
  /** Folder of the transformer, relative; usually empty. */
  readonly transformer: string;
  /** Folder of the pooling module, or `undefined` where there is none. */
  readonly pooling: string | undefined;
  readonly normalize: boolean;
}

/** Throws `MODEL_UNSUPPORTED` for a pipeline with other modules, and `MODEL_INVALID` for no list of modules. */
export function parseModules(json: unknown, path: string): Modules {
  if (!Array.isArray(json) || !json.every(isModule)) {
    throw new ModelError('MODEL_INVALID', `Expected ${path} to be a list of modules with \`path\` and \`type\`.`);
  }
  let transformer: string | undefined;
  let pooling: string | undefined;
  let normalize = false;
  for (const module of json) {
    if (!isInside(module.path)) {
      throw new ModelError('MODEL_INVALID', `A module in ${path} lies outside the model: ${module.path}`);
    }
    // The class moved between packages over the years; its name did not.
    const kind = module.type.slice(module.type.lastIndexOf('.') + 1);
    if (kind === 'Transformer' && transformer === undefined) {
      transformer = module.path;
    } else if (kind === 'Pooling' && pooling === undefined) {
      pooling = module.path;
    } else if (kind === 'Normalize') {
      normalize = true;
    } else {
      throw new ModelError(
        'MODEL_UNSUPPORTED',
        `${path} has a ${kind} module (${module.path}); supported are one Transformer, one Pooling and Normalize. Export the whole pipeline to one ONNX graph, or choose a model without it.`,
      );
    }
  }
  if (transformer === undefined) {
    throw new ModelError('MODEL_UNSUPPORTED', `${path} has no Transformer module, so it is no text encoder.`);
  }
  return { transformer, pooling, normalize };
}

function isModule(value: unknown): value is { readonly path: string; readonly type: string } {
  return isObject(value) && typeof value['path'] === 'string' && typeof value['type'] === 'string';
}
