// What was added to storms later. It is drawn from random numbers of its own, so that the rest of what a seed draws stays the
// same. Pure.

import { drawReverts } from './call-plans'
import type { Draw } from './draw'
import { drawFrom } from './draw'
import { drawReader } from './draw-readers'
import { withBurst, withEarlyFrames, withNarrowBounds, withRefusedKinds } from './draw-streams'
import type { Sleep } from './sleeper'
import type { PollerPlan, Storm } from './storm'
import type { Wall } from './walls'

/** A gap of at most this many blocks is surely filled in. */
const MOST_MISSED = 150
/** Shortest sleep (in ms): longer than any limit of a request, so that each timer that fires at the wake is surely late. */
const SHORTEST_SLEEP = 32_000
/** Longest sleep (in ms). */
const LONGEST_SLEEP = 600_000
/** A sleep that begins during a call begins at most this long after it (in ms). */
const SOON = 60
/** A filter that is not polled for longer than this (in ms) may be dropped. */
const UNUSED = 290_000

const WALLED = [
  'eth_blockNumber',
  'eth_getLogs',
  'eth_getLogs',
  'eth_getBlockByNumber',
  'eth_getBlockByHash',
  'eth_getTransactionReceipt',
  'eth_getBalance',
  'eth_call',
  'eth_sendRawTransaction',
  'eth_subscribe',
  'eth_get*',
]

export function withMore(storm: Storm): Storm {
  const { seed, duration, providers } = storm
  const { chance } = drawFrom(seed * 613 + 7)
  const own = (number: number) => drawFrom(seed * 613 + 7 + number * 7_001)
  const reverts = chance(0.15) ? drawReverts(own(1), duration, providers.length) : []
  const calls = [...storm.calls, ...reverts].sort((a, b) => a.at - b.at)
  const more = { ...storm, calls, walls: chance(0.1) ? drawWalls(own(3), providers.length) : [] }
  const all = withReaders(withPending(chance(0.05) ? withSleep(more) : more))
  const harder = [
    { chance: 0.06, make: withNarrowBounds },
    { chance: all.sleeps.length + all.readers.length > 0 ? 0 : 0.008, make: withBurst },
    { chance: 0.06, make: withEarlyFrames },
    { chance: 0.06, make: withRefusedKinds },
  ]
  return harder.reduce((storm, { chance, make }, index) => {
    const draw = own(6 + index)
    return draw.chance(chance) ? make(storm, draw) : storm
  }, all)

  function withReaders(all: Storm): Storm {
    const draw = own(5)
    return draw.chance(0.15)
      ? { ...all, readers: draw.times(draw.pick([1, 1, 2]), () => drawReader(draw, all.duration)) }
      : all
  }

  function withPending(all: Storm): Storm {
    const { chance, between, pick, times } = own(4)
    const isUnused = all.sleeps.some(({ lasts }) => lasts > UNUSED)
    if (isUnused || !chance(0.2)) return all
    const pending = times(pick([1, 1, 2]), (): PollerPlan => {
      return { kind: 'pending', filter: {}, from: between(0, all.duration / 2), every: pick([500, 1_000, 4_000]) }
    })
    const listeners = times(pick([0, 1, 2]), () => between(0, all.duration / 2))
    return { ...all, pollers: [...all.pollers, ...pending], listeners }
  }

  function withSleep(awake: Storm): Storm {
    const { between, chance, pick } = own(2)
    const most = Math.min(storm.pollers.length > 0 ? UNUSED : LONGEST_SLEEP, MOST_MISSED * storm.blockTime)
    const lasts = between(SHORTEST_SLEEP, pick([SHORTEST_SLEEP, Math.floor(Math.sqrt(SHORTEST_SLEEP * most)), most]))
    const last = storm.closesAt ?? duration
    // The sleep begins shortly after a call, or at any time.
    const call = chance(0.6) ? pick(awake.calls) : undefined
    const at = call && call.at < last - SOON ? call.at + between(0, SOON) : between(0, last)
    const sleep: Sleep = { at, lasts, isLid: pick([true, false]), wakesTo: pick(['timers', 'arrivals'] as const) }
    return { ...putOff(awake, at, lasts), sleeps: [sleep] }
  }
}

/** Provider 0 is inside of each wall: it surely serves the chain. */
function drawWalls({ chance, pick, times }: Draw, providers: number): Wall[] {
  const drawn = times(pick([1, 1, 2]), (): Wall => {
    const others = Array.from({ length: providers - 1 }, (_, index) => index + 1).filter(() => chance(0.4))
    return { of: pick(WALLED), providers: chance(0.5) ? [0, ...others] : [...others, 0] }
  })
  return drawn.filter(({ of }, index) => drawn.findIndex((wall) => wall.of === of) === index)
}

/** Moves what was to come later to after the sleep, except for some of the faults. */
function putOff(storm: Storm, from: number, lasts: number): Storm {
  const late = (at: number) => (at > from ? at + lasts : at)
  return {
    ...storm,
    duration: storm.duration + lasts,
    faults: storm.faults.map((fault) => (fault.at % 2 === 0 ? { ...fault, at: late(fault.at) } : fault)),
    calls: storm.calls.map((call) => ({ ...call, at: late(call.at) })),
    watchers: storm.watchers.map((plan) => ({ ...plan, from: late(plan.from), to: late(plan.to) })),
    pollers: storm.pollers.map((plan) => ({ ...plan, from: late(plan.from) })),
    closesAt: storm.closesAt === undefined ? undefined : late(storm.closesAt),
  }
}
