/** Throws unless these are 0 to `count` − 1, each once: nothing is timed that loses an input, or gives one twice. */
export async function checkOnce(outputs: AsyncIterable<unknown>, count: number): Promise<void> {
  const seen = new Uint8Array(count);
  let taken = 0;
  for await (const output of outputs) {
    if (typeof output !== 'number' || seen[output] !== 0) {
      throw new Error(`Expected each output once, got ${String(output)} again, or it is nobody's.`);
    }
    seen[output] = 1;
    taken++;
  }
  if (taken !== count) throw new Error(`Expected ${count} outputs, got ${taken}.`);
}
