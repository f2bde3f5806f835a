// Lays partial states over a normal state, each until it is taken back. If several have a field, the last one counts.

export type Overlay<state> = {
  readonly now: state
  /** Lays fields over the state. Returns a function that takes them back. */
  add(fields: Partial<state>): () => void
  clear(): void
}

/** @param onChange called after each change with whether anything is laid over the normal state */
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
