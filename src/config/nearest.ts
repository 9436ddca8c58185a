/** How many letters have to be put in, taken out or exchanged to make `b` of `a` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...b].entries()) {
      const exchanged = (row[column] ?? 0) + (letter === other ? 0 : 1);
      const removed = (row[column + 1] ?? 0) + 1;
      const added = (next[column] ?? 0) + 1;
      next.push(Math.min(exchanged, removed, added));
    }
    row = next;
  }
  return row[b.length] ?? a.length;
}

/** The candidate that `text` was probably meant to be; undefined when none is like it. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  // Nobody mistypes a key at such length, and the time grows with its square.
  if (text.length > 100) return undefined;
  let best: string | undefined;
  let least = Math.max(2, Math.floor(text.length / 4)) + 1;
  for (const candidate of candidates) {
    const steps = distance(text.toLowerCase(), candidate.toLowerCase());
    if (steps < least) [best, least] = [candidate, steps];
  }
  return best;
}
