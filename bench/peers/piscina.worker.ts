/** The functions in a thread of piscina: for one input, and for a batch of them, whose outputs are moved. */
import { vectorOf, WIDTH } from '../map/work.ts';
import { importPeer } from './import.ts';

const {
  library: { move },
} = await importPeer<{ readonly move: (value: ArrayBufferView) => ArrayBufferView }>('piscina');

export function echoOne(input: number): number {
  return input;
}

export function vectorOne(input: number): ArrayBufferView {
  return move(vectorOf(input));
}

export function echo(inputs: Float64Array): ArrayBufferView {
  return move(inputs.map(echoOne));
}

export function vector(inputs: Float64Array): ArrayBufferView {
  const data = new Float32Array(inputs.length * WIDTH);
  for (const [row, input] of inputs.entries()) data.set(vectorOf(input), row * WIDTH);
  return move(data);
}
