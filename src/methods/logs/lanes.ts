// Limits the requests at a time to each provider. Those that find no room wait in line; when a provider has room again, the
// first one that can go to it does.

export type Lanes<provider> = {
  /** Resolves with the provider that was chosen, once it has room; with `undefined` if there is none to wait for. */
  take(wish: Wish<provider>): Promise<provider | undefined>
  /** A request to the provider has ended: there is room for another one. */
  give(provider: provider): void
  /** The requests of one owner leave the line: nobody waits for them any more. */
  leave(owner: object, reason: unknown): void
}

export type Wish<provider> = {
  readonly owner: object
  /** The provider to go to, `'wait'` for one that has no room, or `undefined` if there is none. */
  choose(hasRoom: (provider: provider) => boolean): provider | 'wait' | undefined
}

type InLine<provider> = Wish<provider> & {
  readonly resolve: (provider: provider | undefined) => void
  readonly reject: (reason: unknown) => void
}

/** After this many in a row that cannot go on, those behind them are not looked at: most long lines are of equal requests. */
const LOOK_AHEAD = 8

/** @param roomOf how many requests at a time a provider has room for. */
export function createLanes<provider extends object>(roomOf: (provider: provider) => number): Lanes<provider> {
  const taken = new Map<provider, number>()
  const line = new Set<InLine<provider>>()

  const hasRoom = (provider: provider) => (taken.get(provider) ?? 0) < roomOf(provider)

  function tryFor(wish: Wish<provider>): provider | 'wait' | undefined {
    const chosen = wish.choose(hasRoom)
    if (chosen && chosen !== 'wait') taken.set(chosen, (taken.get(chosen) ?? 0) + 1)
    return chosen
  }

  return {
    take(wish) {
      const found = tryFor(wish)
      if (found !== 'wait') return Promise.resolve(found)
      return new Promise((resolve, reject) => line.add({ ...wish, resolve, reject }))
    },
    give(provider) {
      taken.set(provider, (taken.get(provider) ?? 1) - 1)
      let stuck = 0
      for (const waiter of line) {
        const found = tryFor(waiter)
        if (found === 'wait') {
          if (++stuck >= LOOK_AHEAD) break
          continue
        }
        stuck = 0
        line.delete(waiter)
        waiter.resolve(found)
      }
    },
    leave(owner, reason) {
      for (const waiter of line) {
        if (waiter.owner !== owner) continue
        line.delete(waiter)
        waiter.reject(reason)
      }
    },
  }
}
