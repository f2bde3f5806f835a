// A list in the order of a score, the lowest first; where the score is a question, those it is not true of. Equal ones stay in
// their order.

export function sortedBy<item>(items: readonly item[], score: (item: item) => number | boolean): readonly item[] {
  return items.length < 2 ? items : [...items].sort((a, b) => Number(score(a)) - Number(score(b)))
}
