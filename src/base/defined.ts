// Objects without the fields that have no value.

/** Drops the fields that are `undefined`, so that they neither show in a payload nor override a default when spread. */
export function defined<fields extends object>(
  fields: {
    readonly [name in keyof fields]: fields[name] | undefined
  },
): fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as fields
}
