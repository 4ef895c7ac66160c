import type { BertShape, ModelSpec } from '../contract.ts';
import { ModelError } from '../errors.ts';
import { GraphBuilder } from '../onnx/builder.ts';
import { DataType } from '../onnx/contract.ts';
import { encodeModel } from '../onnx/encode.ts';
import type { BertTensors } from '../weights/contract.ts';
import { type GraphDevice, signature } from './contract.ts';
import { cpuOperators } from './cpu.ts';
import { cudaOperators } from './cuda.ts';
import type { EncoderOperators } from './operators.ts';
import { Parameters } from './parameters.ts';
import { normalize, pool, type Rows, selectToken } from './pooling.ts';
import { standardOperators } from './standard.ts';
import { webgpuOperators } from './webgpu.ts';

/** `standard` uses the operators of the ONNX standard only; `fused` those that are fastest on the device. */
export type GraphForm = 'fused' | 'standard';

export interface EncoderGraphOptions {
  readonly device: GraphDevice;
  /** Default: `fused`. */
  readonly form?: GraphForm;
}

const opset = 20;

/**
 * An ONNX graph of a BERT-class encoder with the inputs and output of `signature`: pooled by the spec's pooling, and of L2 norm
 * 1 where the spec says so. Throws `MODEL_UNSUPPORTED` where the spec has no `bert` shape or the graph would pass 2 GiB, and
 * `MODEL_INVALID` where a tensor is missing or of another shape.
 */
export function buildEncoderGraph(
  spec: ModelSpec,
  tensors: BertTensors,
  options: EncoderGraphOptions,
): Uint8Array<ArrayBuffer> {
  const shape = requireBert(spec);
  const graph = new GraphBuilder({ opset });
  const rows: Rows = {
    ids: graph.input(signature.ids, DataType.int32, ['batch', 'tokens']),
    lengths: graph.input(signature.lengths, DataType.int32, ['batch']),
  };
  const parameters = new Parameters(graph, tensors, shape);
  const operators = operatorsFor(options)(graph, parameters, shape, rows);
  const hidden = encode(graph, parameters, operators, spec, shape, rows);
  const pooled = selectsToken(spec)
    ? graph.node('Reshape', [hidden, graph.int64([-1, shape.hidden])])
    : pool(graph, rows, operators.unfold(hidden), spec.pooling);
  const vectors = spec.normalize ? normalize(graph, pooled) : pooled;
  graph.node('Identity', [vectors], { name: signature.vectors });
  graph.output(signature.vectors, DataType.float, ['batch', spec.dims]);
  return encodeModel(graph.model(spec.name));
}

function operatorsFor({ device, form = 'fused' }: EncoderGraphOptions): typeof standardOperators {
  if (form === 'standard') return standardOperators;
  switch (device) {
    case 'cpu':
      return cpuOperators;
    case 'cuda':
      return cudaOperators;
    case 'webgpu':
      return webgpuOperators;
  }
}

/** The last layer's token vectors, or only those of one token of each row where pooling takes no more. */
function encode(
  graph: GraphBuilder,
  parameters: Parameters,
  operators: EncoderOperators,
  spec: ModelSpec,
  shape: BertShape,
  rows: Rows,
): string {
  const { layers, hidden: width, intermediate } = shape;
  const norm = parameters.norm('embeddings.LayerNorm');
  let hidden = operators.embed(parameters.words(), parameters.positions(), norm);
  for (let layer = 0; layer < layers; layer++) {
    const scope = `encoder.layer.${layer}`;
    let context = operators.attend(hidden, `${scope}.attention.self`);
    if (layer === layers - 1 && selectsToken(spec)) {
      // After the last attention tokens no longer meet, so the others needn't be computed.
      const select = (value: string): string =>
        operators.fold(selectToken(graph, rows, operators.unfold(value), spec.pooling));
      context = select(context);
      hidden = select(hidden);
    }
    const output = parameters.linear(`${scope}.attention.output.dense`, width, width);
    const attentionNorm = parameters.norm(`${scope}.attention.output.LayerNorm`);
    const attended = operators.addNorm(context, output, hidden, attentionNorm);
    const up = parameters.linear(`${scope}.intermediate.dense`, width, intermediate);
    const down = parameters.linear(`${scope}.output.dense`, intermediate, width);
    const outputNorm = parameters.norm(`${scope}.output.LayerNorm`);
    hidden = operators.addNorm(operators.activate(attended, up), down, attended, outputNorm);
  }
  return hidden;
}

const selectsToken = (spec: ModelSpec): spec is ModelSpec & { pooling: 'cls' | 'lastToken' } =>
  spec.pooling === 'cls' || spec.pooling === 'lastToken';

function requireBert({ name, dims, bert }: ModelSpec): BertShape {
  if (!bert)
    throw new ModelError(
      'MODEL_UNSUPPORTED',
      `Expected ${name} to be a BERT-class encoder, got another architecture: it loads only from its own model.onnx.`,
    );
  if (dims !== bert.hidden)
    throw new ModelError(
      'MODEL_INVALID',
      `Expected the dims of ${name} to equal its hidden width ${bert.hidden}, got ${dims}.`,
    );
  return bert;
}
