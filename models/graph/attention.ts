import { type GraphBuilder, microsoft } from '../onnx/builder.ts';
import type { Parameters } from './parameters.ts';

/**
 * ONNX Runtime's Attention over [batch, tokens, width], with the projections of queries, keys and values joined into one. The
 * rows' lengths are its mask, so that no mask tensor is made. Source: docs/ContribOperators.md of ONNX Runtime.
 */
export function attention(
  graph: GraphBuilder,
  parameters: Parameters,
  inputs: { readonly hidden: string; readonly scope: string; readonly lengths: string },
  shape: { readonly width: number; readonly heads: number },
): string {
  const parts = ['query', 'key', 'value'].map((part) => `${inputs.scope}.${part}`);
  const joined = parameters.joined(`${inputs.scope}.qkv`, parts, shape.width, shape.width);
  return graph.node('Attention', [inputs.hidden, joined.kernel, joined.bias, inputs.lengths], {
    domain: microsoft,
    attributes: { num_heads: { int: shape.heads } },
  });
}
