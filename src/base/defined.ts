// Objects without the fields that have no value.

/** Where `undefined` is not to show, or leaves a default as it is. */
export function defined<fields extends object>(
  fields: {
    readonly [name in keyof fields]: fields[name] | undefined
  },
): fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as fields
}
