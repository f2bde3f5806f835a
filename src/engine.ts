// The engine: builds the parts for one chain and joins them, hands each request to the entrance, and has status and close. All
// clients of the chain share one engine.

import { createAlarms } from './base/alarms'
import { createBudget } from './base/budget'
import type { Clock } from './base/clock'
import { realClock } from './base/clock'
import { defined } from './base/fields'
import { isOffline } from './base/online'
import type { Random } from './base/random'
import { realRandom } from './base/random'
import type { SocketChange } from './channel/ws'
import { TransportClosedError } from './errors'
import type { Events } from './events'
import { createEvents } from './events'
import { createEntrance } from './methods/entrance'
import type { LogsOptions } from './methods/logs/wide-logs'
import { createHeads } from './provider/head'
import type { ChannelState, Provider, ProviderSetup } from './provider/provider'
import { createProvider, doubtChain } from './provider/provider'
import { learnBatchSize } from './request/answer/learn'
import { createTruth } from './request/answer/truth'
import { withdraw } from './request/asking/withdraw'
import { HEDGE_SHARE } from './request/attempt/hedge'
import type { Asked, Flight, Parts } from './request/flight'
import { landClosed } from './request/landing/landing'
import type { Face, Planner } from './request/route/plan'
import { inPriorityOrder } from './request/route/route'
import { createRanking } from './request/route/strategy'
import { createHeadLedger } from './request/upkeep/head-ledger'
import { verifyAny } from './request/verify-any'
import { wake } from './request/waiting/waiting'
import type { Status } from './status'
import { statusOf } from './status'
import type { Subscriptions, SubscriptionsOptions } from './subscription/subscriptions'
import { createSubscriptions } from './subscription/subscriptions'
import type { BreakerStateName, ChannelType, FailureKind } from './types'

export type EngineSetup = Pick<SubscriptionsOptions, 'verify' | 'mostFilled' | 'pollingInterval'> & {
  readonly providers: readonly ProviderSetup[]
  /** Id of the clients' chain; `undefined` if they have none. */
  readonly chainId: number | undefined
  /** Whether the chain serialises transactions in its own way: then no hash of a raw transaction is computed. */
  readonly hasOwnSerializer: boolean
  readonly verifyChain: boolean
  readonly consistency: 'head' | 'none'
  /** In blocks; `undefined` for the default. */
  readonly maxLag?: number | undefined
  /** Time between two blocks by the chain's definition (in ms). */
  readonly blockTime?: number | undefined
  readonly hedgeBudget: number
  readonly retryBudget: number
  readonly retryDelay: number
  readonly waitForProvider: boolean
  readonly share: boolean
  readonly broadcast: 'first' | 'all'
  readonly logs: LogsOptions
  readonly shouldThrow?: ((error: Error) => boolean | undefined) | undefined
  readonly planner: Planner
  /** Called when the engine begins to close, before any code of the user's hears of it. */
  readonly onClosing?: (() => void) | undefined
  /** Called when the engine is closed. */
  readonly onClose: () => void
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

export type Engine = {
  readonly events: Events
  readonly providers: readonly Provider[]
  request(asked: Asked): Promise<unknown>
  readonly subscriptions: Subscriptions
  status(): Status
  /** Resolves with whether the chain of a provider is verified; where no chain is checked, with whether a provider answers. */
  verifyAny(face: Face): Promise<boolean>
  channel(id: string, type: ChannelType): ChannelState | undefined
  /** Whether any provider may lack old data. */
  limitsDepth(): boolean
  /** The socket of a provider has changed. */
  onSocket(id: string, change: SocketChange): void
  /** A provider refused a batch; `most` is how many requests it takes at a time. */
  onBatchRefused(id: string, most: number): void
  now(): number
  close(): void
}

/** Attempts of second and later rounds that each request adds to the budget. */
const RETRY_SHARE = 0.2

export function createEngine(setup: EngineSetup): Engine {
  const { clock = realClock, random = realRandom, chainId } = setup
  const startedAt = clock.now()
  const events = createEvents()
  const machines = {
    random,
    onRoom: () => queueMicrotask(() => wake(parts)),
    onBreakerChange,
    onCooling: (provider: Provider) => queueMicrotask(() => withdraw(parts, provider)),
  }
  let slot = 0
  const providers = setup.providers.map((own, index) => {
    const provider = createProvider(own, index, slot, machines)
    slot += provider.channels.length
    return provider
  })
  const heads = createHeads({ providers, maxLag: setup.maxLag, blockTime: setup.blockTime, onMove: onHead })
  const parts: Parts = {
    ...setup,
    clock,
    random,
    alarms: createAlarms(clock),
    events,
    providers,
    channels: inPriorityOrder(providers),
    ranking: createRanking(random, heads),
    heads,
    truth: setup.consistency === 'head' ? createTruth({ providers, heads, events }) : undefined,
    headProbes: createHeadLedger(),
    waiting: new Set(),
    retrying: new Set(),
    hedgeBudget: createBudget(setup.hedgeBudget, HEDGE_SHARE),
    ownHedgeBudgets: new Map(),
    retryBudget: createBudget(setup.retryBudget, RETRY_SHARE),
    chainId: setup.verifyChain ? chainId : undefined,
    onWrongChain: ({ id }) => subscriptions.onWrongChain(id),
    counts: { total: 0, failed: 0, hedged: 0, retried: 0 },
    ends: new Set(),
    closed: undefined,
    lostAt: -Infinity,
    version: 0,
    nextId: 1,
  }
  const request = createEntrance(parts, setup)
  const subscriptions = createSubscriptions({ ...setup, parts, request })

  function onBreakerChange(
    channel: ChannelState,
    from: BreakerStateName,
    to: BreakerStateName,
    openUntil: number | undefined,
    why: FailureKind | undefined,
  ) {
    const { provider, type } = channel
    parts.version++
    if (from === 'half-open' && to === 'closed') doubtChain(provider)
    if (to === 'open') queueMicrotask(() => withdraw(parts, provider))
    // Requests that wait look again in a microtask, when the code that changed the breaker has finished.
    queueMicrotask(() => wake(parts))
    // One that was opened for good by hand has no such time: `Infinity` is no JSON.
    const wait = openUntil === Infinity ? undefined : openUntil && Math.max(0, Math.ceil(openUntil - clock.now()))
    events.emit('breaker', defined({ provider: provider.id, channel: type, from, to, wait, why }))
  }

  function onHead({ id }: Provider, from: number | undefined, to: number) {
    events.emit('head', defined({ provider: id, from, to }))
  }

  function onSocket(id: string, { from, to, attempt, why, delay, isBlamed }: SocketChange) {
    parts.version++
    subscriptions.onSocket(id, to)
    const channel = channelOf(id, 'ws')
    if (isBlamed && channel && !isOffline()) {
      channel.lastFailure = { kind: 'network', at: clock.now() }
      channel.breaker.loseAll(clock.now())
    }
    events.emit('connection', defined({ provider: id, from, to, attempt, why, delay }))
  }

  function channelOf(id: string, type: ChannelType) {
    return parts.channels.find((channel) => channel.provider.id === id && channel.type === type)
  }

  function close() {
    if (parts.closed) return
    parts.closed = new TransportClosedError()
    setup.onClosing?.()
    for (const alarm of parts.alarms.all()) landClosed(alarm as Flight, clock.now())
    subscriptions.close()
    for (const end of [...parts.ends]) end()
    parts.alarms.close()
    setup.onClose()
  }

  return {
    events,
    providers,
    request: (asked) => (parts.closed ? Promise.reject(new TransportClosedError()) : request(asked)),
    subscriptions,
    status: () => statusOf({ ...parts, startedAt, chainId, subscriptions: subscriptions.status() }, clock.now()),
    verifyAny: (face) => verifyAny(parts, face),
    channel: channelOf,
    limitsDepth: () => providers.some(({ capability }) => capability.limitsDepth()),
    onSocket,
    onBatchRefused: (id, most) =>
      learnBatchSize(providers.find((provider) => provider.id === id) as Provider, most, parts, clock.now()),
    now: () => clock.now(),
    close,
  }
}
