import type { ModelSpec } from '../../../models/contract.ts';
import type { NamedTensor } from '../../fixtures/safetensors.ts';

/**
 * One text through a BERT-class encoder in float64, written for reading: no batches, no padding, no fusion.
 * `tensors` are under Hugging Face's names, linear layers [outputs, inputs]. Source: Devlin et al. 2018, Vaswani et al. 2017.
 */
export function referenceEncode(
  spec: ModelSpec,
  tensors: Readonly<Record<string, NamedTensor>>,
  ids: readonly number[],
): Float64Array {
  const shape = spec.bert!;
  const width = shape.hidden;
  const get = (name: string): Float32Array => {
    const tensor = tensors[name];
    if (!tensor) throw new TypeError(`No tensor ${name}.`);
    return tensor.values;
  };
  const row = (name: string, index: number): number[] => [...get(name).subarray(index * width, (index + 1) * width)];
  const linear = (name: string, x: readonly number[]): number[] => {
    const weight = get(`${name}.weight`);
    return [...get(`${name}.bias`)].map((bias, out) =>
      x.reduce((sum, value, i) => sum + value * weight[out * x.length + i]!, bias),
    );
  };
  const layerNorm = (name: string, x: readonly number[]): number[] => {
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    const gamma = get(`${name}.weight`);
    const beta = get(`${name}.bias`);
    return x.map((value, i) => ((value - mean) / Math.sqrt(variance + shape.layerNormEpsilon)) * gamma[i]! + beta[i]!);
  };
  const add = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value + b[i]!);
  const activate = { gelu, gelu_tanh: geluTanh, relu: (x: number) => Math.max(0, x) }[shape.activation];

  let hidden = ids.map((id, position) => {
    const word = row('embeddings.word_embeddings.weight', id);
    const place = row('embeddings.position_embeddings.weight', position + shape.firstPosition);
    const type = row('embeddings.token_type_embeddings.weight', 0);
    return layerNorm('embeddings.LayerNorm', add(add(word, place), type));
  });
  for (let layer = 0; layer < shape.layers; layer++) {
    const scope = `encoder.layer.${layer}`;
    const [queries, keys, values] = ['query', 'key', 'value'].map((part) =>
      hidden.map((x) => linear(`${scope}.attention.self.${part}`, x)),
    ) as [number[][], number[][], number[][]];
    const headWidth = width / shape.heads;
    const contexts = queries.map((query) =>
      Array.from({ length: shape.heads }, (_, head) => {
        const span = [head * headWidth, (head + 1) * headWidth] as const;
        const scores = keys.map((key) => dot(query.slice(...span), key.slice(...span)) / Math.sqrt(headWidth));
        const weights = softmax(scores);
        return Array.from({ length: headWidth }, (_, i) =>
          dot(
            weights,
            values.map((value) => value[span[0] + i]!),
          ),
        );
      }).flat(),
    );
    hidden = hidden.map((x, token) => {
      const attended = layerNorm(
        `${scope}.attention.output.LayerNorm`,
        add(linear(`${scope}.attention.output.dense`, contexts[token]!), x),
      );
      const inner = linear(`${scope}.intermediate.dense`, attended).map(activate);
      return layerNorm(`${scope}.output.LayerNorm`, add(linear(`${scope}.output.dense`, inner), attended));
    });
  }
  const pooled = pool(hidden, spec.pooling);
  const length = spec.normalize ? Math.sqrt(dot(pooled, pooled)) : 1;
  return Float64Array.from(pooled, (value) => value / length);
}

function pool(hidden: readonly number[][], pooling: ModelSpec['pooling']): number[] {
  const first = hidden[0]!;
  switch (pooling) {
    case 'cls':
      return first;
    case 'lastToken':
      return hidden.at(-1)!;
    case 'max':
      return first.map((_, i) => Math.max(...hidden.map((x) => x[i]!)));
    case 'mean':
      return first.map((_, i) => hidden.reduce((sum, x) => sum + x[i]!, 0) / hidden.length);
  }
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

function softmax(scores: readonly number[]): number[] {
  const peak = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - peak));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));

const geluTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** By its Maclaurin series near 0 and by erfc's continued fraction beyond, where the series would cancel. */
function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > 2) {
    let fraction = magnitude;
    for (let level = 80; level > 0; level--) fraction = magnitude + level / 2 / fraction;
    return Math.sign(x) * (1 - Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI)));
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
