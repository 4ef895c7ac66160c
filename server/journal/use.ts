import type { Engine } from '../../core/contract.ts';
import type { KeyUse } from './contract.ts';

/** What a key stands for: outputs of other functions, options or models are others. */
export function useOf(
  key: string,
  name: string,
  options: Readonly<Record<string, unknown>> | undefined,
  { model }: Pick<Engine, 'model'>,
): KeyUse {
  const sorted = Object.entries(options ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return {
    key,
    function: name,
    options: JSON.stringify(Object.fromEntries(sorted), plain),
    model: `${model.name} of ${model.dims} dims`,
  };
}

function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<unknown>) : value;
}
