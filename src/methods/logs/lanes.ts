// Limits the requests at a time to each provider. Those that find no room wait in line; when a provider has room again, the
// first one that can go to it does.

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
  readonly owner: object
  readonly choose: Choose<provider>
  readonly resolve: (provider: provider | undefined) => void
}

/** Once this many of one owner cannot go on, its others are not looked at: most of them want the same. */
const LOOK_AHEAD = 8

/** @param roomOf how many requests at a time a provider has room for. */
export function createLanes<provider extends object>(roomOf: (provider: provider) => number): Lanes<provider> {
  const taken = new Map<provider, number>()
  const line = new Set<InLine<provider>>()

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
      return new Promise((resolve) => line.add({ owner, choose, resolve }))
    },
    give(provider) {
      taken.set(provider, (taken.get(provider) ?? 1) - 1)
      const stuck = new Map<object, number>()
      for (const waiter of line) {
        const { owner, choose, resolve } = waiter
        const count = stuck.get(owner) ?? 0
        const found = count < LOOK_AHEAD ? tryFor(choose) : 'wait'
        if (found === 'wait') stuck.set(owner, count + 1)
        else {
          line.delete(waiter)
          resolve(found)
        }
      }
    },
  }
}
