// Sorts a list by a score, the lowest first; of boolean scores `false` comes first. Items of equal score keep their order. The
// given list is not changed.

export function sortedBy<item>(items: readonly item[], score: (item: item) => number | boolean): readonly item[] {
  return items.length < 2 ? items : [...items].sort((a, b) => Number(score(a)) - Number(score(b)))
}
