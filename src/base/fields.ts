// Looks at values of unknown origin: whether they are objects, and what their fields hold.

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
