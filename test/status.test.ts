// What `status()` shows: a plain copy, JSON-safe, whatever the state.

import { describe, expect, test } from 'vitest'
import { createHeads } from '../src/provider/head'
import type { ChannelState, Provider } from '../src/provider/provider'
import type { ProviderStatus } from '../src/status'
import { statusOf } from '../src/status'
import type { Given } from './provider/providers'
import { createProviders } from './provider/providers'

const counts = { total: 3, failed: 1, hedged: 0, retried: 0 }

function setUp(given: readonly Given[], startedAt = 1_000) {
  const providers = createProviders(given)
  const heads = createHeads({ providers })
  const status = (now: number) => statusOf({ startedAt, chainId: 1, providers, heads, counts, subscriptions: [] }, now)
  return { providers, heads, status }
}

const first = (provider: Provider | undefined) => provider?.channels[0] as ChannelState

describe('statusOf', () => {
  test('default: nothing has happened', () => {
    const { status } = setUp([{ channels: ['http', 'ws'] }])
    const channel = { breaker: { state: 'closed', failures: 0 }, latency: {}, inFlight: 0, attempts: 0 }
    expect(status(1_500)).toEqual({
      uptime: 500,
      chainId: 1,
      requests: counts,
      subscriptions: [],
      providers: [
        {
          id: 'p1',
          wrongChain: false,
          capabilities: { declared: {}, learned: { unsupportedMethods: [] } },
          upkeep: { chain: 0, heads: 0, hedges: 0, probes: 0, verify: 0, backfill: 0 },
          channels: { http: channel, ws: channel },
        },
      ],
    })
  })

  test('behavior: without a chain there is no chain id', () => {
    expect(
      statusOf(
        {
          startedAt: 0,
          chainId: undefined,
          providers: [],
          heads: createHeads({ providers: [] }),
          counts,
          subscriptions: [],
        },
        1,
      ),
    ).toEqual({
      uptime: 1,
      requests: counts,
      subscriptions: [],
      providers: [],
    })
  })

  test('behavior: per provider and channel: breaker state, latency, head and lag, non-negative uptime', () => {
    const { providers, heads, status } = setUp([{}, {}, {}])
    const [p1, p2] = providers as [Provider, Provider]
    for (const time of [10, 20, 30]) first(p1).health.succeed('state', time, 1_000)
    first(p1).health.fail()
    first(p1).attempts = 4
    first(p1).inFlight = 2
    heads.observe(p1, 100, 900)
    heads.observe(p2, 98, 900)
    const { head, providers: seen, uptime } = status(900)
    expect([uptime, head, seen.map(({ head: own, lag }) => [own, lag])]).toEqual([
      0,
      100,
      [
        [100, 0],
        [98, 2],
        [undefined, undefined],
      ],
    ])
    expect(seen[0]?.channels.http).toEqual({
      breaker: { state: 'closed', failures: 0 },
      latency: { p50: 20, p95: 30 },
      success: 0.75,
      inFlight: 2,
      attempts: 4,
    })
  })

  test('67. given heights 90 and 100 seen in one moment, then the lag is 10', () => {
    const { providers, heads, status } = setUp([{}, {}])
    const [p1, p2] = providers as [Provider, Provider]
    heads.observe(p2, 90, 1_000)
    heads.observe(p1, 100, 1_005)
    expect(status(1_005).providers.map(({ lag }) => lag)).toEqual([0, 10])
  })

  test('behavior: times are as `uptime`: an open breaker and a cooldown end so long after the start', () => {
    const { providers, status } = setUp([{}])
    const [p1] = providers as [Provider]
    for (let count = 0; count < 3; count++) first(p1).breaker.recordFailure(5_000, 'network')
    p1.quota.refuse('rate-limit', 3_000, 5_000)
    const seen = status(5_500)
    expect(seen.uptime).toBe(4_500)
    expect(seen.providers[0]?.cooldownUntil).toBe(7_000)
    expect(seen.providers[0]?.channels.http?.breaker).toEqual({ state: 'open', failures: 3, openUntil: 6_000 })
    const later = status(9_000).providers[0]
    expect([later?.cooldownUntil, later?.channels.http?.breaker.state]).toEqual([undefined, 'half-open'])
  })

  test('behavior: the head of a provider on another chain is none of this one', () => {
    const { providers, heads, status } = setUp([{}, {}])
    const [p1, p2] = providers as [Provider, Provider]
    p2.chain.state = 'wrong'
    heads.observe(p1, 100, 2_000)
    heads.observe(p2, 9_000_000, 2_000)
    const seen = status(2_000)
    expect(seen.head).toBe(100)
    expect(seen.providers.map(({ lag, wrongChain }) => [lag, wrongChain])).toEqual([
      [0, false],
      [undefined, true],
    ])
  })

  test('behavior: a head of long ago is still shown, how far it is behind is not', () => {
    const { providers, heads, status } = setUp([{}, {}])
    const [p1, p2] = providers as [Provider, Provider]
    heads.observe(p1, 100, 1_000)
    heads.observe(p2, 98, 1_000)
    const seen = status(60_000)
    expect([seen.head, seen.providers.map(({ head, lag }) => [head, lag])]).toEqual([
      100,
      [
        [100, undefined],
        [98, undefined],
      ],
    ])
  })

  test('behavior: JSON-safe, error rules printed as text, also with a breaker that is open for good', () => {
    const { providers, status } = setUp([
      {
        capabilities: {
          methods: { exclude: ['trace_*'] },
          history: { fromBlock: 5 },
          logs: { maxBlockRange: 1_000 },
          subscriptions: ['logs'],
          errors: [
            { message: /slow down/i, kind: 'rate-limit' },
            { code: 1, kind: 'quota' },
          ],
        },
      },
    ])
    const [p1] = providers as [Provider]
    p1.capability.learnUnsupported('eth_getLogs', 1_000)
    p1.capability.learnMissingState(99, undefined, 1_000)
    p1.capability.learnLogs({ maxResults: 10_000 }, 1_000)
    first(p1).breaker.open(1_000, Infinity)
    const seen = status(2_000)
    expect(JSON.parse(JSON.stringify(seen))).toEqual(seen)
    expect(seen.providers[0]?.capabilities).toEqual({
      declared: {
        methods: { exclude: ['trace_*'] },
        history: { fromBlock: 5 },
        logs: { maxBlockRange: 1_000 },
        subscriptions: ['logs'],
        errors: [
          { message: '/slow down/i', kind: 'rate-limit' },
          { code: 1, kind: 'quota' },
        ],
      },
      learned: { unsupportedMethods: ['eth_getLogs'], stateFrom: 228, logs: { maxResults: 10_000 } },
    })
    expect(seen.providers[0]?.channels.http?.breaker).toEqual({ state: 'open', failures: 0 })
  })

  test('behavior: a copy: whoever writes to it changes nothing', () => {
    const { providers, status } = setUp([{ capabilities: { methods: { exclude: ['trace_*'] } } }])
    const seen = status(2_000)
    const [p1] = seen.providers as [ProviderStatus]
    ;(p1.capabilities.declared.methods as { exclude: string[] }).exclude.push('eth_*')
    p1.upkeep.chain = 99
    seen.requests.total = 99
    const again = status(2_000)
    expect(again.providers[0]?.capabilities.declared.methods).toEqual({ exclude: ['trace_*'] })
    expect([again.providers[0]?.upkeep.chain, again.requests.total, providers[0]?.upkeep.chain]).toEqual([0, 3, 0])
  })

  test('behavior: what a socket is doing, where that can be told', () => {
    const { status } = setUp([{ channels: ['http', 'ws'], socket: () => 'connecting' }, { channels: ['ws'] }])
    const seen = status(2_000).providers.map(({ channels }) => [channels.http, channels.ws])
    expect(
      seen.map((channels) => channels.map((channel) => channel && { socket: undefined, ...channel }.socket)),
    ).toEqual([
      [undefined, 'connecting'],
      [undefined, undefined],
    ])
  })

  test('behavior: given frames on a socket that belonged to nobody, then they are counted there', () => {
    const { status } = setUp([{ channels: ['http', 'ws'], socket: () => 'open', strays: () => 3 }])
    const { http, ws } = status(2_000).providers[0]?.channels ?? {}
    expect([http, ws].map((channel) => ({ strays: undefined, ...channel }).strays)).toEqual([undefined, 3])
  })

  test('behavior: looking changes nothing', () => {
    const { providers, status } = setUp([{}])
    const [p1] = providers as [Provider]
    first(p1).breaker.open(1_000, 100)
    p1.capability.learnUnsupported('eth_getLogs', 0)
    const before = [1_050, 2_000_000].map((now) => JSON.stringify(status(now)))
    expect([1_050, 2_000_000].map((now) => JSON.stringify(status(now)))).toEqual(before)
    expect([first(p1).breaker.isProbing(), p1.capability.hasLearned()]).toEqual([false, true])
  })
})
