/**
 * The order of every search result: score descending, NaN last, then position ascending.
 * True where `a` stands before `b`.
 */
export function precedes(scoreA: number, positionA: number, scoreB: number, positionB: number): boolean {
  // NaN is the only number that differs from itself.
  const nanA = scoreA !== scoreA;
  const nanB = scoreB !== scoreB;
  if (nanA || nanB) return nanA === nanB ? positionA < positionB : nanB;
  return scoreA > scoreB || (scoreA === scoreB && positionA < positionB);
}
