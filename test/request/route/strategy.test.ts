// The ranking functions over provider states, and the groups a route puts them in. What is drawn is drawn from a seed.

import { describe, expect, test } from 'vitest'
import { createHeads } from '../../../src/provider/head'
import type { ChannelState, Provider } from '../../../src/provider/provider'
import type { RouteLimits } from '../../../src/request/route/route'
import { exclusionsOf, inPriorityOrder, planRoute } from '../../../src/request/route/route'
import type { CandidateSnapshot, Strategy } from '../../../src/request/route/strategy'
import { createRanking, isStatic } from '../../../src/request/route/strategy'
import { traitsOf } from '../../../src/rpc/methods'
import { needOfMethod } from '../../../src/rpc/need'
import type { Given } from '../../provider/providers'
import { createProviders } from '../../provider/providers'
import { seededRandom } from '../../support/seeded-random'

const METHOD = 'eth_call'
const need = needOfMethod(METHOD, traitsOf(METHOD), undefined)
const STRATEGIES = ['priority', 'fastest', 'latency-weighted', 'load-balanced', 'cheapest', 'freshest'] as const
const MINUTE = 60_000

const names = (channels: readonly ChannelState[]) =>
  channels.map(({ provider, type }) => (type === 'http' ? provider.id : `${provider.id}/${type}`))

const first = (provider: Provider | undefined) => provider?.channels[0] as ChannelState

function answer(channel: ChannelState, times: readonly number[], now: number) {
  for (const time of times) channel.health.succeed('state', time, now)
}

/** Requests one after another, each asked of the first in the ranking only. */
function setUp(strategy: Strategy, given: readonly Given[], seed = 1) {
  const providers = createProviders(given)
  const channels = inPriorityOrder(providers)
  const heads = createHeads({ providers })
  const ranking = createRanking(seededRandom(seed), heads)
  let now = 0
  const rank = () => names(ranking.rank(strategy, channels, need, now))
  /** How often each was asked; `latencies` by provider, `undefined` for one that fails. */
  const run = (count: number, latencies: Record<string, number | undefined> = {}) => {
    const shares: Record<string, number> = Object.fromEntries(providers.map(({ id }) => [id, 0]))
    for (let index = 0; index < count; index++) {
      now += 100
      const [chosen] = ranking.rank(strategy, channels, need, now)
      const { id } = (chosen as ChannelState).provider
      shares[id] = (shares[id] as number) + 1
      const latency = id in latencies ? latencies[id] : 10
      if (latency === undefined) chosen?.health.fail()
      else chosen?.health.succeed('state', latency, now)
    }
    return shares
  }
  return {
    providers,
    heads,
    channels,
    ranking,
    rank,
    run,
    skip: (ms: number) => {
      now += ms
    },
    at: () => now,
  }
}

describe('createRanking', () => {
  test.each(STRATEGIES)('default: %s returns each channel once, and one or none as they are', (strategy) => {
    const { rank, channels, ranking } = setUp(strategy, [{ channels: ['http', 'ws'] }, {}, {}])
    for (let count = 0; count < 100; count++) expect(rank().sort()).toEqual(['p1', 'p1/ws', 'p2', 'p3'])
    expect(ranking.rank(strategy, [], need, 0)).toEqual([])
    expect(ranking.rank(strategy, channels.slice(0, 1), need, 0)).toEqual(channels.slice(0, 1))
  })

  test.each(STRATEGIES)('behavior: %s does not touch the list it is given', (strategy) => {
    const { rank, channels, run } = setUp(strategy, [{ cost: 3 }, { cost: 1 }, {}])
    const before = names(channels)
    run(50)
    rank()
    expect(names(channels)).toEqual(before)
  })

  test('behavior: only what follows from the list alone is static', () => {
    expect(STRATEGIES.filter(isStatic)).toEqual(['priority', 'cheapest'])
    expect(isStatic((candidates) => candidates)).toBe(false)
  })
})

describe('priority', () => {
  test('60. Given `priority`, then the lowest number first, list order on a tie, http before ws', () => {
    const { rank } = setUp('priority', [
      { priority: 5, channels: ['http', 'ws'] },
      { priority: 1 },
      { priority: 5 },
      { priority: -1, channels: ['ws'] },
    ])
    expect(rank()).toEqual(['p4/ws', 'p2', 'p1', 'p1/ws', 'p3'])
  })

  test('behavior: latency and failures change nothing', () => {
    const { run, rank } = setUp('priority', [{}, {}])
    expect(run(50, { p1: 900, p2: 1 })).toEqual({ p1: 50, p2: 0 })
    expect(rank()).toEqual(['p1', 'p2'])
  })
})

describe('cheapest and freshest', () => {
  test('default: by cost, the list on a tie', () => {
    const { rank } = setUp('cheapest', [{ cost: 2 }, { cost: 0.5 }, { cost: 2 }, { cost: 0 }])
    expect(rank()).toEqual(['p4', 'p2', 'p1', 'p3'])
  })

  test('default: by head, the list on a tie, unknown ones last', () => {
    const { rank, providers, heads } = setUp('freshest', [{}, {}, {}, {}])
    expect(rank()).toEqual(['p1', 'p2', 'p3', 'p4'])
    for (const [index, head] of [100, 101, 100].entries()) heads.observe(providers[index + 1] as Provider, head, 0)
    expect(rank()).toEqual(['p3', 'p2', 'p4', 'p1'])
  })
})

describe('fastest', () => {
  const latencies = { p1: 150, p2: 10, p3: 50 }

  test('behavior: Given three providers at 10/50/150 ms, then after warm-up > 90 % of traffic goes to the fastest', () => {
    const { run } = setUp('fastest', [{}, {}, {}])
    run(100, latencies)
    const { p2 = 0 } = run(1_000, latencies)
    expect(p2).toBeGreaterThan(900)
  })

  test('behavior: it moves within a bounded number of calls when the fastest degrades, and back when it recovers', () => {
    const { run } = setUp('fastest', [{}, {}, {}])
    run(200, latencies)
    const degraded = { ...latencies, p2: 800 }
    run(10, degraded)
    expect(run(320, degraded).p3).toBeGreaterThan(290)
    run(3_000, latencies)
    expect(run(320, latencies).p2).toBeGreaterThan(290)
  })

  test('behavior: it moves away from one that fails after 3 calls', () => {
    const { run } = setUp('fastest', [{}, {}, {}])
    run(100, latencies)
    expect(run(20, { ...latencies, p2: undefined }).p2).toBeLessThanOrEqual(4)
  })

  test('behavior: while one is behind an open breaker, the others are still explored', () => {
    const { providers, run } = setUp('fastest', [{}, {}, {}])
    first(providers[2]).breaker.open(0, 1e9)
    run(100, { p1: 20, p2: 50 })
    expect(run(1_000, { p1: 20, p2: 5 }).p2).toBeGreaterThan(300)
  })

  test('behavior: Given no evidence, then every provider is sampled at once (no dead cold start)', () => {
    const { run } = setUp('fastest', [{}, {}, {}, {}])
    expect(run(4)).toEqual({ p1: 1, p2: 1, p3: 1, p4: 1 })
  })

  test('behavior: Given no evidence and many requests at once, then they are spread over all', () => {
    const { channels, ranking } = setUp('fastest', [{}, {}, {}])
    const chosen = Array.from({ length: 3 }, () => {
      const [channel] = ranking.rank('fastest', channels, need, 0) as [ChannelState]
      channel.inFlight++
      return channel.provider.id
    })
    expect(chosen).toEqual(['p1', 'p2', 'p3'])
  })

  test.each<[string, (channel: ChannelState) => void]>([
    ['3 failures in a row', ({ health }) => [1, 2, 3].forEach(() => void health.fail())],
    [
      'success below 3 in 4',
      (channel) => {
        for (let count = 0; count < 8; count++) {
          channel.health.fail()
          answer(channel, [1], 0)
        }
      },
    ],
  ])(
    'behavior: Given a provider with %s, then it ranks behind all others even if its mean latency is the lowest',
    (_, spoil) => {
      const { providers, rank } = setUp('fastest', [{}, {}, {}])
      answer(first(providers[0]), [1, 1, 1, 1], 0)
      answer(first(providers[1]), [300], 0)
      answer(first(providers[2]), [200], 0)
      expect(rank()).toEqual(['p1', 'p3', 'p2'])
      spoil(first(providers[0]))
      expect(rank()).toEqual(['p3', 'p2', 'p1'])
    },
  )

  test('behavior: Given evidence older than 5 minutes, then it ranks behind all others even if its mean latency is the lowest', () => {
    const { providers, rank, skip, at } = setUp('fastest', [{}, {}])
    answer(first(providers[0]), [1], 0)
    skip(5 * MINUTE)
    answer(first(providers[1]), [300], at())
    expect(rank()).toEqual(['p1', 'p2'])
    skip(1)
    expect(rank()).toEqual(['p2', 'p1'])
  })

  test('behavior: latency is measured per kind of method', () => {
    const { providers, ranking, channels } = setUp('fastest', [{}, {}])
    const [p1, p2] = providers.map(first) as [ChannelState, ChannelState]
    answer(p1, [10, 10, 10], 0)
    answer(p2, [50, 50, 50], 0)
    for (const [channel, time] of [
      [p1, 900],
      [p2, 100],
    ] as const)
      channel.health.succeed('logs', time, 0)
    const logs = needOfMethod('eth_getLogs', traitsOf('eth_getLogs'), undefined)
    expect(names(ranking.rank('fastest', channels, need, 0))).toEqual(['p1', 'p2'])
    expect(names(ranking.rank('fastest', channels, logs, 0))).toEqual(['p2', 'p1'])
  })

  test('behavior: expected time counts the failures too', () => {
    const { providers, rank } = setUp('fastest', [{}, {}])
    const [p1, p2] = providers.map(first) as [ChannelState, ChannelState]
    for (let count = 0; count < 20; count++) {
      if (count % 5 === 0) p1.health.fail()
      else answer(p1, [100], 0)
      answer(p2, [110], 0)
    }
    expect([p1.health.success(), rank()]).toEqual([0.8, ['p2', 'p1']])
  })
})

describe('latency-weighted', () => {
  const CALLS = 20_000

  function share(latencies: Record<string, number>, seed: number) {
    const { run } = setUp(
      'latency-weighted',
      Object.keys(latencies).map(() => ({})),
      seed,
    )
    run(200, latencies)
    return run(CALLS, latencies)
  }

  test('behavior: Given means 50 and 100 ms, then the share is about 8 : 1', () => {
    const { p1 = 0, p2 = 1 } = share({ p1: 50, p2: 100 }, 3)
    // 8/9 of 20 000; the standard deviation of a count is 44.
    expect(Math.abs(p1 - (CALLS * 8) / 9)).toBeLessThan(4 * 45)
    expect(p1 + p2).toBe(CALLS)
  })

  test('behavior: it is scale-invariant (5/10 ms same)', () => {
    expect(share({ p1: 5, p2: 10 }, 4)).toEqual(share({ p1: 50, p2: 100 }, 4))
  })

  test('behavior: three at 100, 50 and 200 ms share 8 : 64 : 1', () => {
    const shares = share({ p1: 100, p2: 50, p3: 200 }, 5)
    for (const [id, part] of [
      ['p1', 8 / 73],
      ['p2', 64 / 73],
      ['p3', 1 / 73],
    ] as const)
      expect(Math.abs((shares[id] as number) - CALLS * part)).toBeLessThan(4 * Math.sqrt(CALLS * part * (1 - part)))
  })

  test('behavior: without evidence all share alike', () => {
    const { channels, ranking } = setUp('latency-weighted', [{}, {}, {}], 6)
    const counts = new Map<string, number>()
    for (let count = 0; count < 3_000; count++) {
      const [id = ''] = names(ranking.rank('latency-weighted', channels, need, 0))
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(4 * 26)
    expect(counts.size).toBe(3)
  })

  test('behavior: one that is not trusted gets next to nothing, but not nothing', () => {
    const { providers, channels, ranking } = setUp('latency-weighted', [{}, {}], 8)
    const [p1, p2] = providers.map(first) as [ChannelState, ChannelState]
    answer(p1, [1], 0)
    for (let count = 0; count < 3; count++) p1.health.fail()
    answer(p2, [100], 0)
    let asked = 0
    for (let count = 0; count < 20_000; count++)
      if (ranking.rank('latency-weighted', channels, need, 0)[0] === p1) asked++
    expect(asked).toBeGreaterThan(2)
    expect(asked).toBeLessThan(50)
  })
})

describe('load-balanced', () => {
  test('behavior: Given 3 equal providers and 300 calls, then each gets 20-47 %', () => {
    expect(setUp('load-balanced', [{}, {}, {}]).run(300)).toEqual({ p1: 100, p2: 100, p3: 100 })
  })

  test('behavior: by weight, smoothly: the heavy one is not asked in a row', () => {
    const { ranking, channels, run } = setUp('load-balanced', [{ weight: 5 }, { weight: 1 }, { weight: 1 }])
    const turns = Array.from({ length: 7 }, () => names(ranking.rank('load-balanced', channels, need, 0))[0])
    expect(turns).toEqual(['p1', 'p1', 'p2', 'p1', 'p3', 'p1', 'p1'])
    expect(run(700)).toEqual({ p1: 500, p2: 100, p3: 100 })
  })

  test('behavior: the share of a provider whose breaker is open falls to all others alike', () => {
    const { providers, channels, ranking } = setUp('load-balanced', [{}, {}, {}])
    first(providers[0]).breaker.open(0, 10_000)
    const counts: Record<string, number> = {}
    for (let count = 0; count < 300; count++) {
      const route = planRoute({ need, strategy: 'load-balanced' }, channels, ranking, 0)
      const [id = ''] = names(route.candidates)
      counts[id] = (counts[id] ?? 0) + 1
    }
    expect(counts).toEqual({ p2: 150, p3: 150 })
  })

  test('behavior: a provider with two channels has one share', () => {
    expect(setUp('load-balanced', [{ channels: ['http', 'ws'] }, {}]).run(200)).toEqual({ p1: 100, p2: 100 })
  })

  test('behavior: small weights are weights too', () => {
    expect(setUp('load-balanced', [{ weight: 0.25 }, { weight: 0.75 }]).run(400)).toEqual({ p1: 100, p2: 300 })
  })
})

describe('a function', () => {
  test('default: it is shown snapshots and the need, and its order holds', () => {
    const seen: unknown[] = []
    const { providers, heads, rank } = setUp(
      (candidates, shown) => {
        seen.push([...candidates], shown)
        return [...candidates].reverse()
      },
      [{ cost: 2, weight: 3 }, { channels: ['ws'] }],
    )
    answer(first(providers[0]), [20], 0)
    heads.observe(providers[0] as Provider, 9, 0)
    expect(rank()).toEqual(['p2/ws', 'p1'])
    expect(seen).toEqual([
      [
        {
          provider: 'p1',
          channel: 'http',
          priority: 0,
          weight: 3,
          cost: 2,
          latency: 20,
          success: 1,
          head: 9,
          inFlight: 0,
        },
        { provider: 'p2', channel: 'ws', priority: 1, weight: 1, cost: 1, inFlight: 0 },
      ],
      { method: METHOD, isRepeatable: true },
    ])
  })

  test('behavior: what it leaves out is not asked, what it doubles or makes up is ignored', () => {
    const choose = (candidates: readonly CandidateSnapshot[]) => {
      const [one, , three] = candidates as [CandidateSnapshot, CandidateSnapshot, CandidateSnapshot]
      return [three, one, three, { ...one, provider: 'p9' }]
    }
    expect(setUp(choose, [{}, {}, {}]).rank()).toEqual(['p3', 'p1'])
  })

  test('behavior: it is asked for one candidate, too', () => {
    expect(setUp(() => [], [{}]).rank()).toEqual([])
  })
})

describe('planRoute', () => {
  const STATES = ['open', 'backup', 'limited', 'free', 'due'] as const

  /** One provider of each state, the worst first in the list. */
  function mixed(now: number) {
    const providers = createProviders(STATES.map((id) => ({ id, isBackup: id === 'backup' })))
    const by = Object.fromEntries(providers.map((provider) => [provider.id, first(provider)]))
    by.open?.breaker.open(now, 10_000)
    by.due?.breaker.open(now, 5_000)
    by.limited?.provider.quota.refuse('rate-limit', 60_000, now)
    return inPriorityOrder(providers)
  }

  const plan = (strategy: Strategy, channels: readonly ChannelState[], limits: Partial<RouteLimits> = {}, now = 0) =>
    planRoute(
      { need, strategy, ...limits },
      channels,
      createRanking(seededRandom(1), createHeads({ providers: [] })),
      now,
    )

  test.each(STRATEGIES)(
    'behavior: Given candidates closed and free, closed and limited, open, backup, under %s, then they are asked in that order, the open one that is due first last',
    (strategy) => {
      const route = plan(strategy, mixed(0))
      expect([names(route.candidates), names(route.open)]).toEqual([
        ['free', 'limited', 'backup'],
        ['due', 'open'],
      ])
    },
  )

  test('behavior: inside each group the strategy holds', () => {
    const providers = createProviders([{ cost: 3 }, { cost: 2 }, { cost: 1 }, { cost: 4 }, { cost: 0, isBackup: true }])
    for (const index of [0, 1]) providers[index]?.quota.refuse('rate-limit', 1_000, 0)
    const channels = inPriorityOrder(providers)
    expect(names(plan('cheapest', channels).candidates)).toEqual(['p3', 'p4', 'p2', 'p1', 'p5'])
    expect(names(plan('priority', channels).candidates)).toEqual(['p3', 'p4', 'p1', 'p2', 'p5'])
  })

  test('behavior: Given p1 answers 429 with Retry-After: 2, then p2 is first during the next 2 s and p1 again afterwards', () => {
    const providers = createProviders([{}, {}])
    providers[0]?.quota.refuse('rate-limit', 2_000, 0)
    const channels = inPriorityOrder(providers)
    const order = [0, 1_999, 2_000].map((now) => names(plan('priority', channels, {}, now).candidates))
    expect(order).toEqual([
      ['p2', 'p1'],
      ['p2', 'p1'],
      ['p1', 'p2'],
    ])
  })

  test('behavior: Given two limited providers, then both are still candidates', () => {
    const providers = createProviders([{}, {}])
    for (const { quota } of providers) quota.refuse('quota', undefined, 0)
    const route = plan('fastest', inPriorityOrder(providers))
    expect([names(route.candidates).sort(), route.open]).toEqual([['p1', 'p2'], []])
  })

  test.each(STRATEGIES)('behavior: Given `exclude`, then those are never candidates under %s', (strategy) => {
    const channels = inPriorityOrder(createProviders([{ channels: ['http', 'ws'] }, {}, {}]))
    for (let count = 0; count < 64; count++) {
      const route = plan(strategy, channels, { exclude: ['p1', 'p3'] })
      expect(names(route.candidates)).toEqual(['p2'])
    }
    const all = { strategy, exclude: ['p1', 'p2', 'p3'] }
    expect(plan(strategy, channels, all)).toMatchObject({ candidates: [], open: [], due: undefined })
    expect(exclusionsOf({ need, ...all }, channels, 'is free')[0]).toEqual({ provider: 'p1', reason: 'is excluded' })
  })

  test('behavior: a function that ranks nobody, or nobody that is known, leaves all out, and it is said', () => {
    const channels = inPriorityOrder(createProviders([{}, {}]))
    for (const ranked of [[], [undefined], [5], [{ provider: 'p9', channel: 'http' }]]) {
      const limits = { strategy: () => ranked as never }
      expect(plan(limits.strategy, channels).candidates).toEqual([])
      expect(exclusionsOf({ need, ...limits }, channels, 'is left out by the strategy')).toEqual([
        { provider: 'p1', reason: 'is left out by the strategy' },
        { provider: 'p2', reason: 'is left out by the strategy' },
      ])
    }
  })

  test('behavior: Given p1 is due and would be preferred, then it is to be probed; a due backup is not', () => {
    const providers = createProviders([{}, {}, { isBackup: true }])
    for (const index of [0, 2]) first(providers[index]).breaker.open(0, 1_000)
    const channels = inPriorityOrder(providers)
    expect(plan('priority', channels, {}, 999).due).toBeUndefined()
    expect(plan('priority', channels, {}, 1_000).due?.provider.id).toBe('p1')
    providers[0]?.channels[0]?.breaker.close()
    expect(plan('priority', channels, {}, 1_000).due).toBeUndefined()
  })

  test('behavior: Given p1 learned to lack the method, then it comes last, and is left out while another one is known to serve it', () => {
    const providers = createProviders([{}, {}])
    const channels = inPriorityOrder(providers)
    providers[0]?.capability.learnUnsupported(METHOD, 0)
    expect(names(plan('priority', channels).candidates)).toEqual(['p2', 'p1'])
    providers[1]?.capability.learnSupported(METHOD)
    expect(names(plan('priority', channels).candidates)).toEqual(['p2'])
    providers[1]?.capability.learnUnsupported(METHOD, 0)
    expect(names(plan('priority', channels).candidates)).toEqual(['p1', 'p2'])
    expect(names(plan('priority', channels, {}, 30 * MINUTE).candidates)).toEqual(['p1', 'p2'])
  })

  test('behavior: a wall is the priority', () => {
    const channels = inPriorityOrder(createProviders([{}, {}, {}]))
    expect(names(plan('priority', channels, { wall: ['p3', 'p1'] }).candidates)).toEqual(['p3', 'p1'])
  })
})
