// The fields of objects: what they hold in a value of unknown origin, and objects without those that have no value.

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** The field of a value; `undefined` if there is none, or if reading it throws (a getter or a proxy of foreign code). */
export function field(value: unknown, key: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown> | null | undefined)?.[key]
  } catch {
    return undefined
  }
}

/** Sets fields of an object. One that is frozen, or of foreign code that throws, stays as it is. */
export function assign<target extends object>(to: target, fields: Partial<target>): target {
  try {
    return Object.assign(to, fields)
  } catch {
    return to
  }
}

/** Drops the fields that are `undefined`, so that they neither show in a payload nor override a default when spread. */
export function defined<fields extends object>(
  fields: {
    readonly [name in keyof fields]: fields[name] | undefined
  },
): fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as fields
}
