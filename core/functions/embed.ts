import type { HostedFunction } from './contract.ts';
import { invalid, kindOf, Options } from './options.ts';

/** A text becomes its vector. Options: `prompt`, `dims`. */
export const embed: HostedFunction<string> = {
  name: 'embed',
  sequential: false,
  bind(given, engine) {
    const options = new Options('embed', given, ['prompt', 'dims']);
    const prompt = options.string('prompt');
    const dims = options.positive('dims', engine.model.dims);
    const settled = {
      ...(prompt !== undefined && { prompt }),
      ...(dims !== undefined && { dims }),
    };
    return {
      accept(input) {
        if (typeof input === 'string') return input;
        throw invalid(`Expected a text, got ${kindOf(input)}`);
      },
      async run(texts, signal) {
        return { kind: 'rows', vectors: await engine.embed(texts, { ...settled, signal }) };
      },
    };
  },
};
