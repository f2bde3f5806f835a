// What happens in one run, drawn from a seed: the chain, the providers, what goes wrong when, who watches from when to when.
// Plain data, so that it can be printed and played again. Pure.

import type { LogMatch, LogSpec } from '../support/chain-block'
import { tokenA, tokenB, transferTopic } from '../support/chain-block'
import { seededRandom } from '../support/seeded-random'
import type { Conditions } from './conditions'

export type Schedule = {
  readonly seed: number
  /** In ms, on average. */
  readonly blockTime: number
  /** How far a block may be off its time, 0 to 1. */
  readonly unevenness: number
  readonly duration: number
  readonly hasBlooms: boolean
  /** Most logs of a block. */
  readonly mostLogs: number
  /** Of one way (in ms). */
  readonly latency: readonly [number, number]
  readonly canPing: boolean
  readonly verify: 'auto' | 'strict'
  readonly providers: readonly ('both' | 'http' | 'ws')[]
  readonly faults: readonly Fault[]
  readonly watchers: readonly WatcherPlan[]
  /** Whether the watchers leave before all is closed. */
  readonly ending: 'leave' | 'close'
}

/** Times are in ms from the start; `lasts`: until it is over. */
export type Fault = { readonly at: number } & (
  | {
      readonly type: 'ill'
      readonly provider: number
      readonly lasts: number
      readonly conditions: Partial<Conditions>
    }
  | { readonly type: 'cut'; readonly provider: number }
  | { readonly type: 'reorg'; readonly depth: number; readonly blocks: number }
  /** On a branch of its own, which grows at half the pace. */
  | { readonly type: 'stale'; readonly provider: number; readonly lasts: number; readonly depth: number }
)

export type WatcherPlan = {
  readonly kind: 'heads' | 'logs'
  readonly via: 'subscribe' | 'iterator'
  /** Of logs. */
  readonly filter: LogMatch
  readonly from: number
  /** `Infinity`: to the end. */
  readonly to: number
  /** Longest time it takes for one event (in ms). */
  readonly pace: number
}

type Draw = {
  chance(probability: number): boolean
  between(low: number, high: number): number
  pick<item>(list: readonly item[]): item
}

const filters: readonly LogMatch[] = [
  { address: tokenA },
  { address: [tokenA, tokenB] },
  { address: tokenB },
  {},
  { topics: [transferTopic] },
]

export function drawSchedule(seed: number): Schedule {
  const draw = drawOf(seed)
  const { chance, between, pick } = draw
  const blockTime = pick([100, 250, 500, 1_000, 2_000, 4_000, 12_000])
  const duration = Math.max(5_000, between(14, 30) * blockTime)
  const providers = [...drawProviders(draw)]
  const faults = Array.from({ length: between(1, 8) }, () =>
    drawFaults(draw, { blockTime, duration, providers }),
  ).flat()
  const slow = pick([0, 0, Math.ceil(blockTime / 3), Math.min(2 * blockTime, 3_000)])
  return {
    seed,
    blockTime,
    unevenness: pick([0, 0.2, 0.9]),
    duration,
    hasBlooms: chance(0.85),
    mostLogs: between(1, 4),
    latency: pick([
      [1, 5],
      [1, 40],
      [20, 300],
      [1, 800],
    ] as const),
    canPing: chance(0.7),
    verify: chance(0.9) ? 'auto' : 'strict',
    providers,
    faults: faults.sort((a, b) => a.at - b.at),
    watchers: drawWatchers(draw, duration, slow),
    ending: chance(0.5) ? 'leave' : 'close',
  }
}

function drawProviders({ pick }: Draw): Schedule['providers'] {
  return pick([
    ['both', 'both', 'both'],
    ['both', 'both', 'both'],
    ['both', 'both'],
    ['both', 'ws', 'http'],
    ['http', 'both', 'both'],
    ['ws', 'ws', 'both'],
  ] as const)
}

function drawFaults(
  draw: Draw,
  { blockTime, duration, providers }: { blockTime: number; duration: number; providers: readonly unknown[] },
): Fault[] {
  const { chance, between, pick } = draw
  const at = between(0, duration)
  const provider = chance(0.6) ? 0 : between(0, providers.length - 1)
  const lasts = between(100, pick([1_000, 6_000, Math.max(6_000, 6 * blockTime), 20_000]))
  const everyone = providers.map((_, index) => index)
  const ill = (conditions: Partial<Conditions>, who = [provider]): Fault[] =>
    who.map((one) => ({ at, type: 'ill', provider: one, lasts, conditions }))
  const cut = (who = [provider]): Fault[] => who.map((one) => ({ at, type: 'cut', provider: one }))
  const reorg = (): Fault => {
    const depth = between(1, 5)
    return { at: at + (chance(0.5) ? 0 : between(0, blockTime)), type: 'reorg', depth, blocks: depth + between(0, 1) }
  }
  const frames = () => ({ dropped: pick([0, 0.15]), doubled: pick([0, 0.15]), swapped: pick([0, 0.15]) })
  const kinds: (() => Fault[])[] = [
    () => cut(),
    () => [...cut(), reorg()],
    () => [reorg()],
    () => [...ill({ handshakes: pick(['refused', 'hanging'] as const) }), ...cut()],
    () => [...ill({ handshakes: 'refused' }, everyone), ...cut(everyone)],
    () => ill({ silence: pick(['pushes', 'all'] as const) }),
    () => ill(frames(), chance(0.5) ? everyone : [provider]),
    () => ill({ http: pick(['refused', 'hanging', 'failing'] as const) }),
    () => ill({ lag: between(1, 8) }),
    () => [{ at, type: 'stale', provider, lasts, depth: between(1, 3) }, ...(chance(0.5) ? cut() : [])],
    () => [...ill({ subscribe: pick(['refused', 'unconfirmed'] as const) }), ...(chance(0.7) ? cut() : [])],
    () => [...ill({ http: pick(['refused', 'hanging'] as const), handshakes: 'refused' }, everyone), ...cut(everyone)],
    () => [...ill({ http: 'refused', handshakes: 'refused' }), ...cut()],
  ]
  return pick(kinds)()
}

function drawWatchers({ chance, between, pick }: Draw, duration: number, slow: number): WatcherPlan[] {
  const of = (kind: WatcherPlan['kind'], from: number, to: number): WatcherPlan => ({
    kind,
    via: chance(0.6) ? 'subscribe' : 'iterator',
    filter: pick(filters),
    from,
    to,
    pace: chance(0.3) ? slow : 0,
  })
  const first = pick([['heads', 'logs'], ['heads'], ['logs'], ['logs', 'heads', 'logs']] as const).map((kind) =>
    of(kind, 0, Infinity),
  )
  const others = Array.from({ length: between(0, 4) }, () => {
    const from = between(0, duration)
    return of(chance(0.3) ? 'heads' : 'logs', from, chance(0.5) ? Infinity : from + between(0, duration))
  })
  return [...first, ...others]
}

/** A line for each thing. */
export function describeSchedule({ faults, watchers, ...rest }: Schedule): string {
  const lines = [...faults, ...watchers].map((one) => `  ${JSON.stringify(one)}`)
  return [JSON.stringify(rest), ...lines].join('\n')
}

/** The logs of the run's blocks. */
export function logsOf({ seed, mostLogs }: Pick<Schedule, 'seed' | 'mostLogs'>) {
  return (number: number, branch: number): LogSpec[] => {
    const { chance, between, pick } = drawOf(seed * 7_919 + number * 131 + branch)
    if (chance(0.3)) return []
    return Array.from({ length: between(0, mostLogs) }, (_, index) => ({
      address: pick([tokenA, tokenB]),
      topics: [transferTopic],
      data: `0x0${index}`,
    }))
  }
}

function drawOf(seed: number): Draw {
  const random = seededRandom(seed)
  return {
    chance: (probability) => random() < probability,
    between: (low, high) => low + Math.floor(random() * (high - low + 1)),
    pick: (list) => list[Math.floor(random() * list.length)] as never,
  }
}
