/** Longer names are not compared: the cost grows with the product of the lengths. */
const LENGTH_MAX = 130;
const EDITS_MAX = 3;

/**
 * Returns the candidate that a mistyped name most likely means: one that differs in at most a third of its characters and in at
 * most three, ignoring case, or the only one that the name abbreviates. Returns undefined if there is none.
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > LENGTH_MAX) return undefined;
  const wanted = name.toLowerCase();
  let [nearest, fewest]: [string | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const candidate of candidates) {
    const longer = Math.max(name.length, candidate.length);
    if (Math.abs(name.length - candidate.length) > EDITS_MAX || longer > LENGTH_MAX) continue;
    const edits = distance(wanted, candidate.toLowerCase());
    if (edits <= Math.min(EDITS_MAX, longer / 3) && edits < fewest) [nearest, fewest] = [candidate, edits];
  }
  return nearest ?? onlyLonger(wanted, candidates);
}

/** Returns a question that names the nearest candidate, or undefined. */
export function didYouMean(name: string, candidates: readonly string[]): string | undefined {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? undefined : `Did you mean ${nearest}?`;
}

/** Returns a sentence, followed by a question that names the nearest candidate if there is one. */
export function withSuggestion(sentence: string, name: string, candidates: readonly string[]): string {
  const suggestion = didYouMean(name, candidates);
  return suggestion === undefined ? sentence : `${sentence} ${suggestion}`;
}

function onlyLonger(start: string, candidates: readonly string[]): string | undefined {
  const [only, ...others] = candidates.filter((candidate) => candidate.toLowerCase().startsWith(start));
  return start.replace(/^-+/, '').length >= 3 && others.length === 0 ? only : undefined;
}

/** Returns the number of insertions, deletions, substitutions and transpositions (optimal string alignment). */
function distance(a: string, b: string): number {
  let older: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const transposition = isSwapped ? (older[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution, transposition));
    }
    [older, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
