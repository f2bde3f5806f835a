// Values that came from elsewhere: whether they are objects, and what their fields hold.

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** A field, or `undefined` where reading it throws: a getter or a proxy of somebody else's. */
export function field(value: unknown, key: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown> | null | undefined)?.[key]
  } catch {
    return undefined
  }
}
