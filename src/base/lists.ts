// Lists by preference. The given list is not changed.

/** The items that pass the test; all of them if none does. */
export function someOrAll<item>(items: readonly item[], passes: (item: item) => boolean): readonly item[] {
  const some = items.filter(passes)
  return some.length > 0 ? some : items
}

/** Sorts by a score, the lowest first; of boolean scores `false` comes first. Items of equal score keep their order. */
export function sortedBy<item>(items: readonly item[], score: (item: item) => number | boolean): readonly item[] {
  return items.length < 2 ? items : [...items].sort((a, b) => Number(score(a)) - Number(score(b)))
}
