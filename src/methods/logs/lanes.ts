// Limits the requests at a time to each provider. Those that find no room wait in a line of their owner; when a provider has
// room again, the first one that can go to it does, of each owner in turn.

export type Lanes<provider> = {
  /**
   * Resolves with the provider that was chosen, once it has room; with `undefined` if there is none to wait for.
   * @param owner the same for requests that are much alike
   */
  take(owner: object, choose: Choose<provider>): Promise<provider | undefined>
  /** A request to the provider has ended: there is room for another one. */
  give(provider: provider): void
}

/** The provider to go to, `'wait'` for one that has no room, or `undefined` if there is none. Asked again while it waits. */
export type Choose<provider> = (hasRoom: (provider: provider) => boolean) => provider | 'wait' | undefined

type InLine<provider> = {
  readonly choose: Choose<provider>
  readonly resolve: (provider: provider | undefined) => void
}

/** Once this many of one owner cannot go on, its others are not looked at: most of them want the same. */
const LOOK_AHEAD = 8

/** @param roomOf how many requests at a time a provider has room for. */
export function createLanes<provider extends object>(roomOf: (provider: provider) => number): Lanes<provider> {
  const taken = new Map<provider, number>()
  /** By owner: the one that was served longest ago comes first. */
  const lines = new Map<object, Set<InLine<provider>>>()

  const hasRoom = (provider: provider) => (taken.get(provider) ?? 0) < roomOf(provider)

  function tryFor(choose: Choose<provider>): provider | 'wait' | undefined {
    const chosen = choose(hasRoom)
    if (chosen && chosen !== 'wait') taken.set(chosen, (taken.get(chosen) ?? 0) + 1)
    return chosen
  }

  return {
    take(owner, choose) {
      const found = tryFor(choose)
      if (found !== 'wait') return Promise.resolve(found)
      const line = lines.get(owner) ?? new Set()
      lines.set(owner, line)
      return new Promise((resolve) => line.add({ choose, resolve }))
    },
    give(provider) {
      taken.set(provider, (taken.get(provider) ?? 1) - 1)
      for (const [owner, line] of [...lines]) {
        let stuck = 0
        for (const waiter of line) {
          const found = tryFor(waiter.choose)
          if (found !== 'wait') {
            line.delete(waiter)
            lines.delete(owner)
            if (line.size > 0) lines.set(owner, line)
            waiter.resolve(found)
          } else if (++stuck >= LOOK_AHEAD) break
        }
      }
    },
  }
}
