// What is laid over a normal state for a while, and taken back: the last one that names a field has its word.

export type Overlay<state> = {
  readonly now: state
  /** Returns the function that takes it back. */
  add(fields: Partial<state>): () => void
  clear(): void
}

/** @param onChange called after each change; says whether anything is laid over the normal state */
export function createOverlay<state extends object>(normal: state, onChange: (isAny: boolean) => void): Overlay<state> {
  const present = new Set<Partial<state>>()
  let now = normal

  function change() {
    now = Object.assign({}, normal, ...present)
    onChange(present.size > 0)
  }

  return {
    get now() {
      return now
    },
    add(fields) {
      const own = { ...fields }
      present.add(own)
      change()
      return () => {
        if (present.delete(own)) change()
      }
    },
    clear() {
      present.clear()
      change()
    },
  }
}
