// The world of a storm: one model chain, providers over it, and the library's engine over them with real channels, all on the
// manual clock and from one seed. Nothing happens in it by itself; run.ts plays what is to happen.

import type { Clock } from '../../src/base/clock'
import type { Random } from '../../src/base/random'
import type { Channel } from '../../src/channel/channel'
import { createHttpChannel } from '../../src/channel/http'
import { createWsChannel } from '../../src/channel/ws'
import type { Engine } from '../../src/engine'
import { createEngine } from '../../src/engine'
import type { EventMap } from '../../src/events'
import type { ProviderSetup } from '../../src/provider/provider'
import type { Face } from '../../src/request/plan'
import { createPlanner } from '../../src/request/plan'
import type { ChannelType } from '../../src/types'
import type { FailoverValue } from '../../src/value'
import { extrasOf, requestOf } from '../../src/value'
import type { Chain } from '../support/chain'
import { createChain } from '../support/chain'
import type { ManualClock } from '../support/manual-clock'
import { createManualClock } from '../support/manual-clock'
import { createPlatformClock } from '../support/platform-clock'
import { seededRandom } from '../support/seeded-random'
import { engineSettings, planSettings, providerSetup } from '../support/settings'
import { drawFrom } from './draw'
import type { Gossip } from './gossip'
import { createGossip } from './gossip'
import type { Asked, StormProvider } from './provider'
import { chainId, createStormProvider } from './provider'
import type { Sleeper } from './sleeper'
import { createSleeper } from './sleeper'
import type { ProviderPlan, Storm } from './storm'
import { height, logsOf } from './storm'
import type { Oracle, Views } from './views'
import { createOracle, createViews } from './views'

/** An event of the engine, with the time at which it came (in ms of the clock). */
type Timed<name extends keyof EventMap> = EventMap[name] & { readonly at: number }

export type StormWorld = {
  readonly storm: Storm
  readonly clock: ManualClock
  readonly chain: Chain
  readonly engine: Engine
  readonly face: Face
  readonly providers: readonly StormProvider[]
  readonly ids: readonly string[]
  /** The same as a client's `transport`. */
  readonly transport: FailoverValue
  readonly views: Views
  readonly oracle: Oracle
  readonly gossip: Gossip
  /** The answer of a node on the other chain, which never grows. */
  foreign(method: string, params: readonly unknown[]): unknown
  readonly asked: readonly Asked[]
  readonly attempts: readonly Timed<'attempt'>[]
  readonly breakers: readonly Timed<'breaker'>[]
  readonly disputes: readonly Timed<'dispute'>[]
  readonly requests: readonly Timed<'request'>[]
  /** All `gap` events, except for late ones. */
  readonly gaps: readonly Timed<'gap'>[]
  readonly sleeper: Sleeper
  /** The running timers of the engine: where each was started, if the storm is printed. */
  timers(): string[]
  random(): number
  /** Prints what happens, and when, if the storm is printed. */
  note(text: string): void
  /** Calls `run` after `ms`, by a timer of the world. */
  after(ms: number, run: () => void): () => void
  /** As `after`, but in the process of the library, which may sleep. */
  later(ms: number, run: () => void): () => void
  /** The times at which the library decided to take a lower head (in ms). */
  readonly resets: readonly number[]
}

const deepestReorg = 10
export const timeout = 10_000

export function createStormWorld(storm: Storm, tell?: ((text: string) => void) | undefined): StormWorld {
  const { seed, blockTime, hasBlooms } = storm
  const clock = createManualClock()
  const random = seededRandom(seed ^ 0x5eed)
  const chain = createChain({ height, blockTime: blockTime / 1_000, logs: logsOf(seed), hasBlooms })
  const foreign = createChain({ height, blockTime: blockTime / 1_000, seed: 'another chain' })
  const views = createViews(clock.now)
  const asked: Asked[] = []
  const after = (ms: number, run: () => void) => clock.after(ms, run).cancel
  const gossip = createGossip(storm, clock.now, after)
  const sleeper = createSleeper(clock)
  const own = createPlatformClock(sleeper.clock, tell !== undefined)

  const providers = storm.providers.map((plan, index): StormProvider => {
    const provider: StormProvider = createStormProvider({
      index,
      plan,
      chain: plan.isForeign ? foreign : chain,
      draw: drawFrom(seed * 31 + index),
      random,
      now: clock.now,
      after: (ms, run) => void after(ms, run),
      arrive: sleeper.arrive,
      onAsked: (one) => void asked.push(one),
      onPending: gossip.note,
      onView: () => note(provider, index),
    })
    note(provider, index)
    return provider
  })

  function note({ plan, chain: seen, headOf }: StormProvider, index: number) {
    const head = seen.block(headOf())
    if (head && !plan.isForeign) views.note(index, head)
  }

  const { engine, channels, planner, ids } = createOwnEngine(storm, providers, own, random)
  const face = { channels, planner, pollingInterval: Math.min(4_000, Math.max(500, blockTime)) }
  const attempts: Timed<'attempt'>[] = []
  const breakers: Timed<'breaker'>[] = []
  const disputes: Timed<'dispute'>[] = []
  const requests: Timed<'request'>[] = []
  const gaps: Timed<'gap'>[] = []
  const resets: number[] = []
  engine.events.on('attempt', (event) => void attempts.push({ ...event, at: own.now() }))
  engine.events.on('breaker', (event) => void breakers.push({ ...event, at: own.now() }))
  engine.events.on('dispute', (event) => void disputes.push({ ...event, at: own.now() }))
  engine.events.on('request', (event) => void requests.push({ ...event, at: own.now() }))
  engine.events.on('gap', (event) => void (event.late || gaps.push({ ...event, at: own.now() })))
  engine.events.on('reorg', ({ reset }) => void (reset && resets.push(clock.now())))
  return {
    storm,
    clock,
    chain,
    providers,
    ids,
    engine,
    face,
    transport: extrasOf(engine, face, requestOf(engine, face, ids), false),
    views,
    oracle: createOracle(chain, height - deepestReorg),
    gossip,
    foreign: (method, params) => createOracle(foreign, height).answer(foreign.head, method, params)?.value,
    asked,
    attempts,
    breakers,
    disputes,
    requests,
    gaps,
    resets,
    after,
    sleeper,
    later: (ms, run) => sleeper.clock.after(ms, run).cancel,
    random,
    timers: own.running,
    note: (text) => tell?.(`${clock.now().toFixed(1).padStart(10)}  ${text}`),
  }
}

/** Makes an engine as `failover()` does. */
function createOwnEngine(
  { settings, walls }: Storm,
  providers: readonly StormProvider[],
  clock: Clock,
  random: Random,
) {
  const { rounds = Infinity, strategy, hedgeBudget, ...ofEngine } = settings
  const ids = providers.map((_, index) => `p${index + 1}`)
  const ways = providers.map(({ plan }): ChannelType[] => (plan.ways === 'both' ? ['http', 'ws'] : [plan.ways]))

  function channelOf({ office, open, plan }: StormProvider, id: string, type: ChannelType): Channel {
    if (type === 'ws') {
      const onSocket = (change: Parameters<Engine['onSocket']>[1]) => engine.onSocket(id, change)
      return createWsChannel({ url: `wss://${id}.test`, provider: id, clock, random, open, onSocket })
    }
    const onRefused = (most: number) => engine.onBatchRefused(id, most)
    const batches = { concurrency: plan.concurrency, onRefused }
    return createHttpChannel({ url: `https://${id}.test`, provider: id, fetch: office.fetch, batches })
  }

  const sets = providers.map((provider, index) =>
    (ways[index] as ChannelType[]).map((type) => channelOf(provider, ids[index] as string, type)),
  )
  const channels = sets.flat()
  const hedge = { budget: hedgeBudget }
  const walled = walls.map((wall) => [wall.of, { providers: wall.providers.map((index) => ids[index] as string) }])
  const methods = Object.fromEntries(walled)
  const seesDepth = () => engine.limitsDepth()
  const planner = createPlanner({ ...planSettings, strategy, methods, timeout, hedge, rounds, seesDepth })
  const engine: Engine = createEngine({
    ...engineSettings,
    ...ofEngine,
    hedgeBudget,
    providers: providers.map(({ plan }, index) =>
      setupOf(plan, index, ways[index] as ChannelType[], sets[index] as Channel[]),
    ),
    chainId,
    planner,
    onClose() {
      for (const channel of channels) channel.close()
    },
    clock,
    random,
  })
  return { engine, channels, planner, ids }
}

/** The kinds of subscriptions that a provider with sockets serves. */
const KINDS = ['newHeads', 'logs', 'newPendingTransactions'] as const

function setupOf(
  plan: ProviderPlan,
  index: number,
  ways: readonly ChannelType[],
  channels: readonly Channel[],
): ProviderSetup {
  const { cost, isBackup, isPrivate, archive, maxBlockRange, lacks, rate, concurrency, isDeclared } = plan
  const { subscribes, refuses } = plan
  const ws = channels.find(({ type }) => type === 'ws')
  const http = channels.find(({ type }) => type === 'http')
  return providerSetup(index, {
    cost,
    isBackup,
    isPrivate,
    channels: ways,
    capabilities: isDeclared
      ? {
          archive,
          logs: { maxBlockRange },
          methods: { exclude: [...lacks] },
          subscriptions: subscribes && KINDS.filter((kind) => !refuses.includes(kind)),
        }
      : {},
    limits: { concurrency, ...(isDeclared && rate !== undefined && { requestsPerSecond: rate }) },
    ...(ws && { socket: () => ws.socket?.() ?? 'idle' }),
    ...(http && { load: () => http.load?.() ?? 0 }),
  })
}
