/** Cuts running text into passages of a few sentences. */

const longest = 420;
const mostPieces = 4;
/** A remainder shorter than this joins the passage before it. */
const shortestRemainder = 80;

/** A stop that ends no sentence: an initial, or an abbreviation that a capital often follows. */
const abbreviation =
  /(?:\b[A-Z]|\b(?:St|Mt|Dr|Mr|Mrs|Gen|Col|Lt|No|vs|ca|approx|est|elev|incl|Inc|Ltd|Co|Jr|Sr|Ft))\.$/v;

export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  let open = '';
  for (const piece of text.split(/(?<=[.!?]["'\)]?) (?=["'\(]?[A-Z0-9])/v)) {
    open = open === '' ? piece : `${open} ${piece}`;
    if (abbreviation.test(piece)) continue;
    sentences.push(open);
    open = '';
  }
  if (open !== '') sentences.push(open);
  return sentences.filter((sentence) => sentence !== '');
}

/** Notes separate their clauses by semicolons; those in brackets separate nothing. */
export function clausesOf(text: string): string[] {
  const clauses: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '(' || character === '[') depth++;
    else if (character === ')' || character === ']') depth = Math.max(0, depth - 1);
    else if (character === ';' && depth === 0) {
      clauses.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  clauses.push(text.slice(from).trim());
  return clauses.filter((clause) => clause !== '');
}

/** Joins pieces, in order, into passages of at most four pieces and about 420 characters. */
export function pack(pieces: readonly string[], separator: string): string[] {
  const passages: string[][] = [];
  let size = 0;
  for (const piece of pieces) {
    const open = passages.at(-1);
    if (open !== undefined && open.length < mostPieces && size + piece.length <= longest) {
      open.push(piece);
      size += piece.length;
    } else {
      passages.push([piece]);
      size = piece.length;
    }
  }
  const last = passages.at(-1);
  if (passages.length > 1 && last !== undefined && last.join(separator).length < shortestRemainder) {
    passages.pop();
    passages.at(-1)?.push(...last);
  }
  return passages.map((passage) => passage.join(separator));
}
