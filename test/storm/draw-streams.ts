// What makes streams harder: gaps that are too wide to be filled, bursts of blocks that slow subscribers have no room for,
// frames before the confirmation, refused kinds of subscriptions. Pure.

import type { Draw } from './draw'
import type { Fault } from './faults'
import type { Storm } from './storm'
import { filters } from './storm'
import type { WatcherPlan } from './watchers'

/** Items that a slow subscriber has room for; a block makes one or two. */
const ROOM = 1_000

export function withNarrowBounds(storm: Storm, { pick }: Draw): Storm {
  const mostFilled = { heads: pick([1, 3, 8, 20, 256]), logs: pick([1, 5, 20, 100]) }
  return { ...storm, settings: { ...storm.settings, mostFilled } }
}

/** Adds a burst of blocks, and subscribers that are slow meanwhile. */
export function withBurst(storm: Storm, { chance, between, pick, times }: Draw): Storm {
  const { duration } = storm
  const at = between(0, duration / 2)
  const every = pick([4, 10])
  const blocks = between(ROOM / 2, ROOM * 1.2)
  const burst: Fault = { at, type: 'burst', blocks, every }
  const slow = times(pick([1, 2]), (): WatcherPlan => {
    const kind = chance(0.4) ? 'heads' : 'logs'
    const via = chance(0.5) ? 'subscribe' : 'iterator'
    return { kind, via, filter: pick(filters), from: between(0, at), to: Infinity, pace: pick([1_000, 30_000]) }
  })
  return { ...storm, faults: [...storm.faults, burst], watchers: [...storm.watchers, ...slow] }
}

export function withEarlyFrames(storm: Storm, { between, chance }: Draw): Storm {
  const early = storm.providers.flatMap((_, provider): Fault[] => {
    const at = between(0, storm.duration)
    if (provider > 0 && chance(0.5)) return []
    return [
      { at: 0, type: 'ill', provider, lasts: storm.duration, trouble: { subscribe: 'early' } },
      { at, type: 'cut', provider },
    ]
  })
  return { ...storm, faults: [...storm.faults, ...early] }
}

export function withRefusedKinds(storm: Storm, { chance, pick }: Draw): Storm {
  const refusals = [['logs'], ['newHeads'], ['logs', 'newHeads']]
  return {
    ...storm,
    providers: storm.providers.map((one) => (chance(0.6) ? { ...one, refuses: pick(refusals) } : one)),
  }
}
