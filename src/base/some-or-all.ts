// A preference rather than a filter: where no item passes, all stay.

/** The items that pass the test; all of them if none does. */
export function someOrAll<item>(items: readonly item[], passes: (item: item) => boolean): readonly item[] {
  const some = items.filter(passes)
  return some.length > 0 ? some : items
}
