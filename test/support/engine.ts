// An engine over scripted channels on the manual clock; it records all events. Needs no sockets and no real time, so times in
// tests are exact.

import type { Channel } from '../../src/channel/channel'
import { createHttpChannel } from '../../src/channel/http'
import type { Engine, EngineSetup } from '../../src/engine'
import { createEngine } from '../../src/engine'
import type { EventMap, EventName } from '../../src/events'
import type { ProviderSetup } from '../../src/provider/provider'
import type { Face, Planner, PlanSettings, RequestOverrides } from '../../src/request/plan'
import { createPlanner } from '../../src/request/plan'
import type { ChannelType } from '../../src/types'
import type { ManualClock } from './manual-clock'
import { createManualClock } from './manual-clock'
import type { ScriptedChannel, ScriptedChannelOptions } from './scripted-channel'
import { createScriptedChannel } from './scripted-channel'
import { engineSettings, planSettings, providerSetup } from './settings'

/**
 * A provider as tests write it; fields that are left out have the library's default. With a `fetch`, it has a real http channel
 * that gathers batches, in place of a scripted one.
 */
export type TestProvider = Partial<Omit<ProviderSetup, 'id'>> & {
  id?: string
  canAbort?: boolean
  fetch?: typeof fetch
}

export type TestEngineOptions = {
  /** Providers, or how many of them: p1, p2, ... over http. @default 2 */
  providers?: number | readonly TestProvider[]
  /** Options that differ from the library's defaults. */
  options?: Partial<PlanSettings> & Partial<Omit<EngineSetup, 'providers' | 'planner' | 'clock' | 'random'>>
  clock?: ManualClock
  /** Makes the channels. @default scripted channels that cannot subscribe */
  createChannel?: (options: ScriptedChannelOptions) => ScriptedChannel
  /** @default always 0.5: pauses are half their upper bound, breakers stay open 5 % longer */
  random?: () => number
}

export type TestRequestOptions = RequestOverrides & { signal?: AbortSignal }

/** How a request ended, and when (in ms of the clock). */
export type Ended = { at: number; value?: unknown; error?: any }

export type TestEngine = {
  readonly clock: ManualClock
  readonly engine: Engine
  /** The channel of a provider; without a type its first one. */
  channel(id: string, type?: ChannelType): ScriptedChannel
  request(method: string, params?: unknown, options?: TestRequestOptions): Promise<unknown>
  /** Starts a request. The result tells how it ended (`undefined` until then), and never rejects. */
  start(method: string, params?: unknown, options?: TestRequestOptions): { ended: Ended | undefined; times: number }
  /** All events that were emitted, with their names. */
  readonly events: readonly Recorded[]
  eventsOf<name extends EventName>(name: name): EventMap[name][]
  status(): ReturnType<Engine['status']>
  breaker(id: string, type?: ChannelType): NonNullable<ReturnType<Engine['channel']>>['breaker']
  /** Name of the state of a channel's breaker. */
  state(id: string, type?: ChannelType): string
  /** Number of permits that are held; 0 once everything has settled. */
  inFlight(): number
  planner: Planner
  /** The client that all requests come from. */
  face: Face
}

type Recorded = { name: EventName; event: any }

const EVENTS: EventName[] = [
  'request',
  'attempt',
  'failover',
  'breaker',
  'limit',
  'capability',
  'head',
  'reorg',
  'dispute',
  'subscription',
  'gap',
]

export function createTestEngine(given: TestEngineOptions = {}): TestEngine {
  const { providers = 2, options = {}, clock = createManualClock(), random = () => 0.5 } = given
  const { createChannel = createScriptedChannel } = given
  const entries =
    typeof providers === 'number' ? Array.from({ length: providers }, (): TestProvider => ({})) : providers
  const setups = entries.map(setupOf)
  const channels = setups.flatMap((setup, index) =>
    setup.channels.map((type): Channel => {
      const { fetch, canAbort = true } = entries[index] ?? {}
      if (!fetch) return createChannel({ clock, type, canAbort }).reply('0x1')
      const { id, limits } = setup
      const onRefused = (most: number) => engine.onBatchRefused(id, most)
      const batches = { concurrency: limits.concurrency, onRefused }
      const channel = createHttpChannel({ url: `https://${id}.example`, provider: id, fetch, batches })
      Object.assign(setup, { load: channel.load })
      return channel
    }),
  )
  const planner = createPlanner({ ...planSettings, ...pick(options, planSettings) })
  const engine = createEngine({
    ...engineSettings,
    verifyChain: false,
    consistency: 'none',
    share: false,
    ...options,
    providers: setups,
    planner,
    clock,
    random,
  })
  const events: Recorded[] = []
  for (const name of EVENTS) engine.events.on(name, (event) => void events.push({ name, event }))

  function channel(id: string, type?: ChannelType) {
    const slot = setups
      .flatMap((setup) => setup.channels.map((way) => ({ id: setup.id, way })))
      .findIndex((entry) => entry.id === id && (type === undefined || entry.way === type))
    const found = channels[slot]
    if (!found || !('calls' in found)) throw new Error(`There is no scripted channel ${id} ${type ?? ''}.`)
    return found as ScriptedChannel
  }

  function request(method: string, params?: unknown, { signal, ...overrides }: TestRequestOptions = {}) {
    const asked = params === undefined ? { method } : { method, params }
    const plan = planner(asked, Object.keys(overrides).length > 0 ? overrides : undefined)
    return engine.request({ channels, request: asked, plan, signal })
  }

  function stateOf(id: string, type?: ChannelType) {
    const found = engine.channel(id, type ?? (setups.find((setup) => setup.id === id)?.channels[0] as ChannelType))
    if (!found) throw new Error(`There is no channel ${id} ${type ?? ''}.`)
    return found
  }

  return {
    clock,
    engine,
    channel,
    request,
    start(method, params, requestOptions) {
      const seen = { ended: undefined as Ended | undefined, times: 0 }
      const note = (ended: Ended) => {
        seen.ended = ended
        seen.times++
      }
      request(method, params, requestOptions).then(
        (value) => note({ at: clock.now(), value }),
        (error) => note({ at: clock.now(), error }),
      )
      return seen
    },
    events,
    eventsOf: (name) => events.filter((entry) => entry.name === name).map(({ event }) => event),
    status: () => engine.status(),
    breaker: (id, type) => stateOf(id, type).breaker,
    state: (id, type) => stateOf(id, type).breaker.snapshot(clock.now()).state,
    inFlight: () =>
      engine.providers.reduce(
        (sum, { channels: own, quota }) => sum + quota.inFlight + own.reduce((all, { inFlight }) => all + inFlight, 0),
        0,
      ),
    planner,
    face: { channels, planner },
  }
}

function setupOf(entry: TestProvider, index: number): ProviderSetup {
  const { canAbort: _, fetch: __, ...setup } = entry
  return providerSetup(index, setup)
}

function pick(options: object, keys: object): Partial<PlanSettings> {
  return Object.fromEntries(Object.entries(options).filter(([key]) => key in keys))
}
