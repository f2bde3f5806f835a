// The choice of whoever is better, where there is one.

/** Those that pass; all, if none does. */
export function someOrAll<item>(items: readonly item[], passes: (item: item) => boolean): readonly item[] {
  const some = items.filter(passes)
  return some.length > 0 ? some : items
}
