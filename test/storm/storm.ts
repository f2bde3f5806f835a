// What happens in one storm, drawn from its seed: the chain, the providers, the faults, the calls, the watchers. Plain data,
// so that it can be printed, played again and shrunk. Pure.

import type { LogMatch, LogSpec } from '../support/chain-block'
import { tokenA, tokenB, transferTopic } from '../support/chain-block'
import type { CallPlan } from './call-plans'
import { drawCalls, drawReads } from './call-plans'
import type { Draw } from './draw'
import { drawFrom } from './draw'
import { withMore } from './draw-more'
import type { ReaderPlan } from './draw-readers'
import type { Fault } from './faults'
import { drawFaults } from './faults'
import type { Sleep } from './sleeper'
import type { Wall } from './walls'
import type { WatcherPlan } from './watchers'

export type Storm = {
  readonly seed: number
  /** Average time between two blocks (in ms). */
  readonly blockTime: number
  /** How far a block may be off its time, as a share of the block time (0 to 1). */
  readonly unevenness: number
  /** Whether the blooms of blocks are true; else they are zero. */
  readonly hasBlooms: boolean
  /** How long faults, calls and watchers go on (in ms). */
  readonly duration: number
  readonly settings: Settings
  readonly providers: readonly ProviderPlan[]
  readonly faults: readonly Fault[]
  readonly calls: readonly CallPlan[]
  readonly watchers: readonly WatcherPlan[]
  readonly pollers: readonly PollerPlan[]
  /** When each program that listens to pending transactions subscribes (in ms). */
  readonly listeners: readonly number[]
  readonly readers: readonly ReaderPlan[]
  readonly walls: readonly Wall[]
  /** At most one sleep. */
  readonly sleeps: readonly Sleep[]
  /** When the engine is closed (in ms); `undefined` for after everything has ended by itself. */
  readonly closesAt: number | undefined
}

export type Settings = {
  readonly strategy: 'priority' | 'fastest' | 'latency-weighted' | 'load-balanced' | 'cheapest' | 'freshest'
  readonly hedgeBudget: number
  readonly retryBudget: number
  /** Most rounds of a request; `undefined` for as many as the deadline allows. */
  readonly rounds: number | undefined
  readonly share: boolean
  readonly broadcast: 'first' | 'all'
  readonly waitForProvider: boolean
  readonly verify: 'auto' | 'strict'
  /** The option `maxBackfillBlocks`. */
  readonly mostFilled: { readonly heads: number; readonly logs: number }
}

export type ProviderPlan = {
  readonly ways: 'http' | 'ws' | 'both'
  /** Least and greatest latency (in ms, one way). */
  readonly latency: readonly [number, number]
  readonly isBackup: boolean
  readonly isPrivate: boolean
  readonly cost: number
  /** Whether the provider is on another chain than the client. */
  readonly isForeign: boolean
  /** How many blocks of state the provider keeps; `undefined` for all. */
  readonly archive: number | undefined
  readonly maxBlockRange: number | undefined
  readonly subscribes: boolean
  /** Kinds of subscriptions that the provider refuses. */
  readonly refuses: readonly string[]
  /** Methods that the provider does not know. */
  readonly lacks: readonly string[]
  /** Requests per second that the provider takes; `undefined` for any number. */
  readonly rate: number | undefined
  /** Whether these limits are declared in the list. */
  readonly isDeclared: boolean
  readonly concurrency: number | undefined
  readonly canBatch: boolean
  readonly canPing: boolean
}

/** The plan of a program that polls a filter for its changes. */
export type PollerPlan = {
  readonly kind: 'logs' | 'blocks' | 'pending'
  readonly filter: LogMatch
  readonly from: number
  /** Time between two polls (in ms). */
  readonly every: number
}

export const height = 3_000

export function drawStorm(seed: number): Storm {
  const draw = drawFrom(seed)
  const { chance, between, pick, times } = draw
  const blockTime = pick([250, 1_000, 2_000, 4_000, 12_000])
  const duration = between(8_000, 40_000)
  const place = 0
  const drawn = times(pick([1, 2, 3, 3, 4, 5]), () => drawProvider(draw))
  // At least one provider is on the chain and knows all methods, so that streams can go on.
  const providers = drawn.map((one, index) => (index === place ? { ...one, isForeign: false, lacks: [] } : one))
  const storm: Storm = {
    seed,
    blockTime,
    unevenness: pick([0, 0.2, 0.9]),
    hasBlooms: true,
    duration,
    settings: drawSettings(draw),
    providers,
    faults: times(pick([0, 1, 2, 4, 8, 12]), () => drawFaults(draw, duration, providers.length, blockTime)).flat(),
    calls: drawCalls(draw, duration, providers.length),
    watchers: chance(0.4) ? times(between(1, 3), () => drawWatcher(draw, duration)) : [],
    listeners: [],
    pollers: chance(0.25) ? times(between(1, 2), () => drawPoller(draw, duration)) : [],
    readers: [],
    walls: [],
    sleeps: [],
    closesAt: chance(0.15) ? between(0, duration) : undefined,
  }
  const reads = chance(0.25) ? drawReads(draw, duration) : []
  const calls = [...storm.calls, ...reads].sort((a, b) => a.at - b.at)
  return withMore({ ...storm, calls })
}

function drawSettings({ chance, pick }: Draw): Settings {
  return {
    strategy: chance(0.5)
      ? 'priority'
      : pick(['fastest', 'latency-weighted', 'load-balanced', 'cheapest', 'freshest'] as const),
    hedgeBudget: pick([0, 1, 20, 20]),
    retryBudget: pick([0, 1, 20, 20]),
    rounds: pick([1, 2, undefined, undefined]),
    share: chance(0.8),
    broadcast: chance(0.7) ? 'first' : 'all',
    waitForProvider: chance(0.85),
    verify: 'auto',
    mostFilled: { heads: 256, logs: 10_000 },
  }
}

function drawProvider({ chance, pick, between }: Draw): ProviderPlan {
  const some = <value>(probability: number, make: () => value) => (chance(probability) ? make() : undefined)
  return {
    ways: pick(['http', 'http', 'ws', 'both', 'both'] as const),
    latency: pick([
      [1, 5],
      [1, 40],
      [20, 80],
      [50, 400],
    ] as const),
    isBackup: chance(0.15),
    isPrivate: chance(0.1),
    cost: between(1, 3),
    isForeign: chance(0.07),
    archive: some(0.2, () => pick([64, 128])),
    maxBlockRange: some(0.3, () => pick([50, 100, 500])),
    subscribes: chance(0.85),
    refuses: [],
    lacks: chance(0.2) ? [pick(['eth_getBlockByHash', 'eth_getTransactionReceipt', 'eth_getLogs'])] : [],
    rate: some(0.1, () => between(3, 20)),
    isDeclared: chance(0.6),
    concurrency: some(0.1, () => pick([1, 2, 8])),
    canBatch: chance(0.8),
    canPing: chance(0.7),
  }
}

export const filters: readonly LogMatch[] = [
  { address: tokenA },
  { address: [tokenA, tokenB] },
  { address: tokenB },
  {},
  { topics: [transferTopic] },
]

function drawWatcher({ chance, between, pick }: Draw, duration: number): WatcherPlan {
  const from = chance(0.5) ? 0 : between(0, duration)
  return {
    kind: chance(0.5) ? 'heads' : 'logs',
    via: chance(0.6) ? 'subscribe' : 'iterator',
    filter: pick(filters),
    from,
    to: chance(0.6) ? Infinity : from + between(0, duration),
    pace: chance(0.2) ? 300 : 0,
  }
}

function drawPoller({ chance, between, pick }: Draw, duration: number): PollerPlan {
  return {
    kind: chance(0.6) ? 'logs' : 'blocks',
    filter: pick(filters),
    from: between(0, duration / 2),
    every: pick([500, 1_000, 4_000]),
  }
}

/** Describes a storm for printing, one line for each part. */
export function describeStorm({
  providers,
  faults,
  calls,
  watchers,
  pollers,
  listeners,
  readers,
  sleeps,
  walls,
  ...rest
}: Storm): string {
  const lists = { providers, faults, calls, watchers, pollers, listeners, readers, sleeps, walls }
  const lines = Object.entries(lists).flatMap(([name, list]) =>
    list.map((one, index) => `  ${name}[${index}] ${JSON.stringify(one)}`),
  )
  return [JSON.stringify(rest), ...lines].join('\n')
}

/** The logs of each block of a storm, by its seed. */
export function logsOf(seed: number) {
  return (number: number, branch: number): LogSpec[] => {
    const { chance, between, pick, times } = drawFrom(seed * 7_919 + number * 131 + branch)
    if (chance(0.3)) return []
    let index = 0
    return times(between(0, 3), () => ({
      address: pick([tokenA, tokenB]),
      topics: [transferTopic],
      data: `0x0${index++}`,
    }))
  }
}
