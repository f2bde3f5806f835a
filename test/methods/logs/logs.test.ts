// `eth_getLogs` of any width, through whole requests on the manual clock: what is asked of whom, and what comes of it.

import { pad, toHex } from 'viem'
import { describe, expect, test } from 'vitest'
import { transfersOf } from '../../support/chain-block'
import type { Ended } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { httpError, networkError, rpcError } from '../../support/errors'
import type { LogWorld, LogWorldOptions } from '../../support/log-nodes'
import { createLogWorld } from '../../support/log-nodes'

const MINUTE = 60_000

function range(from: number, to: number | string, more: object = {}) {
  return { fromBlock: toHex(from), toBlock: typeof to === 'number' ? toHex(to) : to, ...more }
}

async function settle(t: LogWorld, filter: object, options: object = {}): Promise<Ended> {
  const seen = t.start('eth_getLogs', [filter], options)
  for (let turn = 0; !seen.ended && turn < 1_000; turn++) await t.clock.advance(50)
  return seen.ended as Ended
}

/** Asks and compares with the truth. */
async function check(t: LogWorld, filter: object) {
  const ended = await settle(t, filter)
  expect(ended.error).toBeUndefined()
  expect(ended.value).toEqual(t.truth(filter))
}

const create = (nodes: LogWorldOptions['nodes'], options?: LogWorldOptions['options']) =>
  createLogWorld({ nodes, ...(options && { options }) })

describe('a request that a provider takes as it is', () => {
  test('default: one call, one request event, one attempt', async () => {
    const t = create([{}, {}])
    const filter = range(0, 'latest')
    await check(t, filter)
    expect(t.asked.length).toBe(1)
    expect(t.channel('p1').calls.map(({ method, params }) => [method, params])).toEqual([['eth_getLogs', [filter]]])
    expect(t.eventsOf('request').map(({ outcome, attempts, provider }) => [outcome, attempts, provider])).toEqual([
      ['success', 1, 'p1'],
    ])
    expect([t.eventsOf('attempt').length, t.status().requests.total]).toEqual([1, 1])
  })

  test('Given eth_getLogs over 5 000 blocks and p1 limited to 1 000, then p2 serves it, or the pieces fit p1', async () => {
    const t = createLogWorld({
      height: 10_000,
      logs: (number) => (number % 50 === 0 ? transfersOf(number) : []),
      nodes: [{ capabilities: { logs: { maxBlockRange: 1_000 } } }, {}],
    })
    await check(t, range(1, 5_000))
    expect([t.rangesOf('p1'), t.rangesOf('p2')]).toEqual([[], ['1-5000']])
    t.breaker('p2').open(t.clock.now(), MINUTE)
    await check(t, range(1, 5_000))
    expect(t.rangesOf('p1').sort()).toEqual(['1-1000', '1001-2000', '2001-3000', '3001-4000', '4001-5000'])
  })

  test('error: of pieces that are given up when one has failed for good, each attempt is told and counted once', async () => {
    const t = createTestEngine({ providers: [{ capabilities: { logs: { maxBlockRange: 1_000 } } }] })
    t.channel('p1').on('eth_blockNumber').reply(toHex(10_000))
    t.channel('p1')
      .on('eth_getLogs')
      .once.fail(rpcError(-32602, 'invalid argument 0: hex string without 0x prefix'), { after: 10 })
      .hang()
    const seen = t.start('eth_getLogs', [range(1, 4_000)])
    await t.clock.advance(10)
    expect(seen.ended?.error).toMatchObject({ code: -32602 })
    const outcomes = t.eventsOf('attempt').flatMap(({ method, outcome }) => (method === 'eth_getLogs' ? outcome : []))
    expect(outcomes).toEqual(['failure', 'aborted', 'aborted', 'aborted'])
    expect(t.eventsOf('request')).toMatchObject([{ outcome: 'error', attempts: t.eventsOf('attempt').length }])
  })

  test('Given a named provider without logs and allowFailover, then the others get pieces: the range used to be refused', async () => {
    const t = create([{ enforces: { maxBlockRange: 50 } }, { capabilities: { methods: { exclude: ['eth_getLogs'] } } }])
    const ended = await settle(t, range(1, 100), { provider: 'p2', allowFailover: true })
    expect(ended.value).toEqual(t.truth(range(1, 100)))
    expect(t.rangesOf('p2')).toEqual([])
  })

  test('Given `toBlock: "latest"` and no known head, then the range is not rejected; with a head it is computed', async () => {
    const limits = { maxBlockRange: 500 }
    const t = create([{ capabilities: { logs: limits }, enforces: limits }])
    await check(t, range(1_800, 'latest'))
    expect([t.asked.length, t.channel('p1').count('eth_blockNumber')]).toEqual([1, 1])
    await check(t, range(500, 'latest'))
    expect(t.asked.slice(1).every(({ from, to }) => to - from < 500)).toBe(true)
    expect(t.channel('p1').count('eth_blockNumber')).toBe(2)
  })

  test('behavior: a declared width holds before a head is known, and for blocks that came since it was', async () => {
    const node = { capabilities: { logs: { maxBlockRange: 50 } } }
    const t = createLogWorld({ nodes: [node], height: 300 })
    await check(t, { fromBlock: '0x1' })
    await t.clock.advance(60_000)
    t.chain.mine(200)
    await check(t, range(290, 'latest'))
    await t.clock.advance(20_000)
    t.chain.mine(80)
    await check(t, range(495, 'latest'))
    expect(Math.max(...t.asked.map(({ from, to }) => to - from + 1))).toBeLessThanOrEqual(50)
  })

  test('behavior: `blockHash` filters, filters into the pending block and what is no filter are passed on as they are', async () => {
    const t = create([{ capabilities: { logs: { maxBlockRange: 1, maxAddresses: 1 } } }])
    const { hash } = t.chain.block(50) as { hash: string }
    for (const params of [[{ blockHash: hash }], [range(0, 'pending')], [], undefined, ['x']]) {
      t.channel('p1').on('eth_getLogs').once.reply([])
      expect(await t.request('eth_getLogs', params)).toEqual([])
    }
    expect(t.channel('p1').calls.map(({ params }) => params)).toEqual([
      [{ blockHash: hash }],
      [range(0, 'pending')],
      [],
      undefined,
      ['x'],
    ])
  })

  test('behavior: addresses are counted where it matters how many there are, and not while nobody has limits', async () => {
    const readsWith = async (logs: object) => {
      const t = createTestEngine({ providers: [{ capabilities: { logs } }] })
      t.channel('p1').reply([])
      let reads = 0
      const filter = Object.defineProperty(range(1, 10), 'address', { enumerable: true, get: () => [reads++] })
      await t.request('eth_getLogs', [filter])
      return reads
    }
    expect(await readsWith({})).toBeLessThan(await readsWith({ maxAddresses: 100 }))
  })

  test('behavior: a range that ends before it starts is left to the node', async () => {
    const t = create([{ capabilities: { logs: { maxBlockRange: 10 } } }])
    const { error } = await settle(t, range(100, 50))
    expect([error.name, t.asked.length]).toEqual(['InvalidParamsRpcError', 1])
  })
})

describe('in pieces', () => {
  test('given every provider is limited, then it is split: never clamped, and never refused below `maxRequests`', async () => {
    const t = create([100, 250, 500].map((maxBlockRange) => ({ capabilities: { logs: { maxBlockRange } } })))
    await check(t, range(101, 1_000))
    // The fewest requests that one turn takes, the newest piece whole.
    expect([t.rangesOf('p1'), t.rangesOf('p2'), t.rangesOf('p3').sort()]).toEqual([[], [], ['101-500', '501-1000']])
  })

  test('behavior: providers whose pieces would be many times smaller are left out', async () => {
    const t = create([10, 400].map((maxBlockRange) => ({ capabilities: { logs: { maxBlockRange } } })))
    await check(t, range(1, 1_600))
    expect([t.rangesOf('p1').length, t.rangesOf('p2').length]).toEqual([0, 4])
  })

  test('behavior: four at a time at each provider, and whoever is faster serves more', async () => {
    const nodes = [100, 20].map((after) => ({ after, capabilities: { logs: { maxBlockRange: 10 } } }))
    const t = createLogWorld({ nodes, options: { hedge: false } })
    t.start('eth_blockNumber')
    await t.clock.advance(100)
    const seen = t.start('eth_getLogs', [range(1, 960)])
    await t.clock.advance(19)
    expect([t.channel('p1').inFlight, t.channel('p2').inFlight]).toEqual([4, 4])
    await t.clock.advance(2_000)
    expect(seen.ended?.value).toEqual(t.truth(range(1, 960)))
    expect([t.rangesOf('p1').length, t.rangesOf('p2').length]).toEqual([16, 80])
    expect(seen.ended?.at).toBe(500)
  })

  test('behavior: a million blocks at 2 000 a piece take no longer than a quarter more than three providers of different speed need', async () => {
    const latencies = [50, 100, 200]
    const nodes = latencies.map((after) => ({ after, enforces: { maxBlockRange: 2_000 } }))
    const height = 2_000_000
    const options = { hedge: false, logs: { maxRequests: 1_000 } } as const
    const t = createLogWorld({ nodes, height, logs: () => [], options })
    const filter = range(1, 1_000_000)
    const seen = t.start('eth_getLogs', [filter])
    await t.clock.advance(60_000)
    const ideal = 500 / latencies.reduce((sum, latency) => sum + 4 / latency, 0)
    expect(seen.ended?.value).toEqual([])
    expect(seen.ended?.at).toBeLessThanOrEqual(ideal * 1.25)
    expect(t.asked.length).toBe(503)
  })

  test('behavior: a declared concurrency below that holds', async () => {
    const t = create([{ after: 50, limits: { concurrency: 2 }, capabilities: { logs: { maxBlockRange: 100 } } }])
    t.start('eth_blockNumber')
    await t.clock.advance(50)
    t.start('eth_getLogs', [range(1, 1_000)])
    await t.clock.advance(0)
    expect(t.channel('p1').count('eth_getLogs')).toBe(2)
  })

  test('behavior: `logs.concurrency` holds for all requests together', async () => {
    const nodes = [{ after: 50, capabilities: { logs: { maxBlockRange: 100 } } }]
    const t = createLogWorld({ nodes, options: { logs: { concurrency: 3 } } })
    for (const start of [1, 2, 3]) t.start('eth_getLogs', [range(start, 1_000)])
    await t.clock.advance(49)
    expect(t.channel('p1').inFlight).toBe(3)
  })

  test('behavior: too many addresses are split, each address once, in the order of the chain', async () => {
    const addresses = Array.from({ length: 5 }, (_, index) => pad(toHex(index + 1), { size: 20 }))
    const limits = { maxAddresses: 2, maxBlockRange: 500 }
    const t = createLogWorld({
      nodes: [{ capabilities: { logs: limits }, enforces: limits }],
      logs: (number) =>
        [4, 1, 3, 0, 2].map((index) => ({ address: addresses[index] as never, topics: [pad(toHex(number))] })),
    })
    await t.request('eth_blockNumber')
    const address = [...addresses, (addresses[0] as string).toUpperCase().replace('0X', '0x')]
    const filter = range(1, 1_000, { address: addresses })
    const { value } = await settle(t, { ...filter, address })
    expect(value).toEqual(t.truth(filter))
    expect(t.asked.every(({ addresses: count, from, to }) => count <= 2 && to - from < 500)).toBe(true)
    expect(t.asked.length).toBe(6)
  })

  test('behavior: `latest` is fixed to a number once, also while blocks come', async () => {
    const nodes = [{ after: 50, capabilities: { logs: { maxBlockRange: 100 } } }]
    const t = createLogWorld({ nodes, height: 1_000 })
    t.start('eth_blockNumber')
    await t.clock.advance(50)
    const seen = t.start('eth_getLogs', [range(1, 'latest')])
    await t.clock.advance(60)
    const head = t.chain.head.number
    t.chain.mine(5)
    await t.clock.advance(1_000)
    expect(seen.ended?.value).toEqual(t.truth(range(1, head)))
    expect(t.asked.at(-1)?.to).toBeLessThanOrEqual(head)
    expect(t.channel('p1').count('eth_blockNumber')).toBe(2)
  })

  test('behavior: what lies past the head is not asked for: pieces of two moments would leave a hole', async () => {
    let asks = 0
    const before = ({ to }: { to: number }) => {
      if (to > 1_030 && ++asks === 1) throw networkError()
      t.chain.mine(asks === 2 ? 60 : 1)
    }
    const nodes = [1, 2].map(() => ({ after: 50, before, capabilities: { logs: { maxBlockRange: 20 } } }))
    const t = createLogWorld({ nodes, height: 1_000 })
    const { value } = await settle(t, range(990, 1_050))
    const head = Number(((value as { blockNumber: string }[]).at(-1) as { blockNumber: string }).blockNumber)
    expect(value).toEqual(t.truth(range(990, head)))
    expect(t.asked.every(({ to }) => to <= 1_000)).toBe(true)
    expect((await settle(t, range(1_500, 1_600))).value).toEqual([])
    expect(t.asked.at(-1)).toMatchObject({ from: 1_500, to: 1_500 })
  })

  test('behavior: a refusal of what lies past the head says nothing of what is there', async () => {
    const t = createLogWorld({ nodes: [{ enforces: { maxBlockRange: 500 } }], height: 1_000 })
    await check(t, range(1_000, 2_400))
  })

  test('behavior: `finalized` is fixed to a number', async () => {
    const t = create([{ capabilities: { logs: { maxBlockRange: 100 } } }])
    await t.request('eth_blockNumber')
    const { value } = await settle(t, range(1, 'finalized'))
    expect(value).toEqual(t.truth(range(1, 1_900)))
  })

  test('behavior: nobody is asked for blocks before those it has', async () => {
    const t = create([
      { capabilities: { logs: { fromBlock: 500 } } },
      { capabilities: { logs: { maxBlockRange: 100 } } },
      { capabilities: { history: { fromBlock: 900 }, logs: { maxBlockRange: 100 } } },
    ])
    await check(t, range(1, 1_000))
    expect(t.asked.every(({ provider, from }) => provider !== 'p1' || from >= 500)).toBe(true)
    expect(t.asked.every(({ provider, from }) => provider !== 'p3' || from >= 900)).toBe(true)
  })

  test('behavior: walls, exclusions and names hold for the pieces', async () => {
    const nodes = [1, 2, 3].map(() => ({ capabilities: { logs: { maxBlockRange: 100 } } }))
    const walled = createLogWorld({ nodes, options: { methods: { eth_getLogs: { providers: ['p2'] } } } })
    await check(walled, range(1, 1_000))
    expect(new Set(walled.asked.map(({ provider }) => provider))).toEqual(new Set(['p2']))
    for (const [options, expected] of [
      [{ exclude: ['p1', 'p3'] }, ['p2']],
      [{ provider: 'p3' }, ['p3']],
      [{ provider: 'p3', allowFailover: true }, ['p3']],
    ] as const) {
      const t = create(nodes)
      await settle(t, range(1, 1_000), options)
      expect([...new Set(t.asked.map(({ provider }) => provider))]).toEqual(expected)
    }
  })

  test('behavior: backups take no pieces while others are well', async () => {
    const t = create([
      { capabilities: { logs: { maxBlockRange: 100 } } },
      { isBackup: true, capabilities: { logs: { maxBlockRange: 1_000 } } },
    ])
    await check(t, range(1, 1_000))
    expect([t.rangesOf('p1').length, t.rangesOf('p2').length]).toEqual([10, 0])
  })

  test.each([
    ['a backup', { isBackup: true }, {}],
    ['one that was not named', {}, { provider: 'p1', allowFailover: true }],
  ])('behavior: %s takes the pieces that the first ones have failed, cut to its own size', async (_, more, options) => {
    const fails = () => {
      throw rpcError(-32005, 'too many requests, try again in 1h')
    }
    const t = create(
      [
        { capabilities: { logs: { maxBlockRange: 500 } }, before: fails },
        { capabilities: { logs: { maxBlockRange: 100 } }, ...more },
      ],
      { rounds: 1 },
    )
    expect(await settle(t, range(1, 1_000), options)).toMatchObject({ value: t.truth(range(1, 1_000)) })
    expect(t.rangesOf('p2').length).toBe(10)
  })
})

describe('refusals', () => {
  test.each(['alchemy', 'infura', 'publicnode', 'quicknode', 'vague'] as const)(
    'default: in the words of %s, the limits are learned, and the next request keeps them',
    async (wording) => {
      const t = create([100, 250, 500].map((maxBlockRange) => ({ enforces: { maxBlockRange, wording } })))
      await check(t, range(101, 1_000))
      const learned = t.status().providers.map(({ capabilities }) => capabilities.learned.logs?.maxBlockRange as number)
      expect(learned).toEqual(wording === 'vague' ? [225, 225, 450] : [100, 250, 500])
      const before = t.asked.length
      await check(t, range(102, 1_001))
      expect(t.asked.length - before).toBeLessThanOrEqual(wording === 'vague' ? 4 : 2)
    },
  )

  test('behavior: what is learned is told, and forgotten after half an hour', async () => {
    const t = create([{ enforces: { maxBlockRange: 500 } }])
    await check(t, range(101, 1_000))
    expect(t.eventsOf('capability')).toEqual([
      { provider: 'p1', what: 'logs', from: 'unknown', to: 'maxBlockRange 500', why: 'range-too-large' },
    ])
    await t.clock.advance(30 * MINUTE)
    expect(t.status().providers[0]?.capabilities.learned).toEqual({ unsupportedMethods: [] })
  })

  test('behavior: a refusal counts against nobody', async () => {
    const t = create([{ enforces: { maxBlockRange: 10, wording: 'vague' } }])
    await check(t, range(1, 400))
    expect([t.state('p1'), t.status().requests]).toEqual(['closed', { total: 1, failed: 0, hedged: 0, retried: 0 }])
    expect(t.eventsOf('request').map(({ outcome }) => outcome)).toEqual(['success'])
  })

  test.each(['alchemy', 'infura', 'publicnode', 'vague'] as const)(
    'behavior: too many results in the words of %s, then the piece is cut, to the proposed range if there is one',
    async (wording) => {
      const t = create([{ enforces: { maxResults: 300, wording } }])
      await check(t, range(1, 1_000))
      expect(t.status().providers[0]?.capabilities.learned.logs?.maxBlockRange).toBeUndefined()
    },
  )

  test('behavior: a declared limit that turns out too high is cut further, and stays as declared', async () => {
    const t = create([{ capabilities: { logs: { maxBlockRange: 500 } }, enforces: { maxBlockRange: 200 } }])
    await check(t, range(1, 1_000))
    expect(t.status().providers[0]?.capabilities.learned.logs).toBeUndefined()
  })

  test('behavior: too many addresses are learned and split, also where the words do not say that it is they', async () => {
    const address = Array.from({ length: 40 }, (_, index) => pad(toHex(index + 1), { size: 20 }))
    const logs = (number: number) => [{ address: address[number % 40] as never, topics: [] }]
    const told = createLogWorld({ nodes: [{ enforces: { maxAddresses: 10 } }], logs })
    await check(told, range(1, 100, { address }))
    expect(told.status().providers[0]?.capabilities.learned.logs).toEqual({ maxAddresses: 10 })
    const wording = () => rpcError(-32000, 'range too large') as never
    const untold = createLogWorld({ nodes: [{ enforces: { maxAddresses: 10, wording } }], logs })
    await check(untold, range(1, 4, { address }))
  })

  test("error: what cannot be cut any further is the provider's own error", async () => {
    const t = create([{ enforces: { maxResults: 1, wording: 'infura' } }])
    const { error } = await settle(t, range(1, 10))
    expect([error.name, error.code]).toEqual(['LimitExceededRpcError', -32005])
    expect(error.attempts.length).toBeGreaterThan(0)
  })

  test('error: a filter that must name an address is not asked for in pieces, and nothing is learned', async () => {
    const before = () => {
      throw rpcError(-32701, 'Please specify an address in your request')
    }
    const t = create([{ before }, { before }])
    const { error } = await settle(t, range(1, 1_000))
    expect([error.code, t.asked.length]).toEqual([-32701, 2])
    expect(t.status().providers.map(({ capabilities }) => capabilities.learned.logs)).toEqual([undefined, undefined])
  })

  test('behavior: a refusal of a few blocks without a number teaches nothing', async () => {
    const t = create([{ enforces: { maxBlockRange: 2, wording: 'vague' } }])
    await check(t, range(1, 9))
    expect(t.status().providers[0]?.capabilities.learned.logs).toBeUndefined()
    await check(t, range(1, 40))
    expect(t.status().providers[0]?.capabilities.learned.logs).toEqual({ maxBlockRange: 10 })
  })

  test('behavior: a node that says that it takes too long is asked for less', async () => {
    const before = ({ from, to }: { from: number; to: number }) => {
      if (to - from >= 100) throw rpcError(-32000, 'query timeout exceeded')
    }
    const t = create([{ before }, { before }])
    await check(t, range(1, 1_000))
  })

  test('behavior: an answer of just as many logs as the provider gives at most is asked for again in halves', async () => {
    const t = create([{ capabilities: { logs: { maxResults: 100 } }, cutsShort: 100 }])
    await check(t, range(1, 1_000))
    const learned = create([{ enforces: { maxResults: 100 } }])
    await check(learned, range(1, 1_000))
    learned
      .channel('p1')
      .on('eth_getLogs')
      .once.reply(Array.from({ length: 100 }, () => ({})))
    await check(learned, range(1, 1_001))
  })
})

describe('the newest blocks', () => {
  test('behavior: the last 64 come from one provider, however small its pieces are', async () => {
    const nodes = [1, 2, 3].map(() => ({ after: 20, capabilities: { logs: { maxBlockRange: 10 } } }))
    const t = createLogWorld({ nodes, options: { hedge: false } })
    const filter = range(1_500, 'latest')
    t.start('eth_blockNumber', [])
    await t.clock.advance(20)
    await check(t, filter)
    const newest = t.asked.filter(({ to }) => to > 2_000 - 64)
    expect(new Set(newest.map(({ provider }) => provider)).size).toBe(1)
    expect(Math.max(...newest.map(({ to }) => to))).toBe(2_000)
    expect(new Set(t.asked.map(({ provider }) => provider)).size).toBe(3)
  })

  test('behavior: if that one fails, all of them come from another', async () => {
    const nodes = [1, 2].map((place) => ({
      after: 20,
      capabilities: { logs: { maxBlockRange: 10 } },
      before({ from }: { from: number }) {
        if (place === 1 && from >= 1_970) throw rpcError(-32603, 'Internal error')
      },
    }))
    const t = createLogWorld({ nodes, options: { hedge: false } })
    await check(t, range(1_700, 2_000))
    const fromP2 = t.asked.filter(({ to, provider }) => to > 1_936 && provider === 'p2')
    expect(Math.min(...fromP2.map(({ from }) => from))).toBeLessThanOrEqual(1_937)
    expect(fromP2.reduce((sum, { from, to }) => sum + to - from + 1, 0)).toBeGreaterThanOrEqual(64)
  })

  test('behavior: they come from a backup where the others are down and are not waited for', async () => {
    const t = create([{ capabilities: { logs: { maxBlockRange: 50 } } }, { isBackup: true }], {
      waitForProvider: false,
    })
    t.channel('p1').on('eth_getLogs').hang()
    const filter = range(1_501, 2_000)
    const seen = t.start('eth_getLogs', [filter])
    await t.clock.advance(10)
    t.breaker('p1').open(t.clock.now(), MINUTE)
    for (let turn = 0; !seen.ended && turn < 100; turn++) await t.clock.advance(1_000)
    expect(seen.ended).toMatchObject({ value: t.truth(filter) })
  })

  test('behavior: who told the head is asked for the newest', async () => {
    const nodes = [{ lag: 50 }, {}].map((node) => ({ ...node, capabilities: { logs: { maxBlockRange: 300 } } }))
    const t = createLogWorld({ nodes })
    t.breaker('p1').open(0, 10)
    await t.request('eth_blockNumber')
    await t.clock.advance(20)
    const { value } = await settle(t, range(1_000, 2_000))
    expect((value as unknown[]).length).toBeGreaterThan(0)
  })
})

describe('bounds', () => {
  test('error: a plan above `maxRequests` is refused before anything is sent, naming count and limit', async () => {
    const nodes = [1, 2].map(() => ({ capabilities: { logs: { maxBlockRange: 2 } } }))
    const t = createLogWorld({ nodes, options: { logs: { maxRequests: 900 } } })
    const { error } = await settle(t, range(1, 2_000))
    expect([error.name, error.requests, error.maxRequests]).toEqual(['LogRangeTooWideError', 1_000, 900])
    expect(error.message).toMatch(
      /^"eth_getLogs" over 2000 blocks takes 1000 requests, but `logs.maxRequests` allows 900\./,
    )
    expect(t.asked.length).toBe(0)
    expect(t.eventsOf('request').map(({ outcome, attempts, error }) => [outcome, attempts, error?.name])).toEqual([
      ['error', 0, 'LogRangeTooWideError'],
    ])
    await check(t, range(1, 1_800))
  })

  test('behavior: the default is 500', async () => {
    const t = create([{ capabilities: { logs: { maxBlockRange: 2 } } }])
    expect((await settle(t, range(1, 1_002))).error.requests).toBe(501)
    await check(t, range(1, 1_000))
  })

  test('behavior: pieces that are cut again and again end there too, and nothing more is sent', async () => {
    const nodes = [{ enforces: { maxResults: 1, wording: 'vague' as const }, after: 10 }]
    const t = createLogWorld({ nodes, options: { logs: { maxRequests: 20 } } })
    const { error } = await settle(t, range(1, 1_000))
    expect([error.name, error.maxRequests]).toEqual(['LogRangeTooWideError', 20])
    const sent = t.asked.length
    await t.clock.advance(MINUTE)
    expect([t.asked.length - sent, t.inFlight()]).toEqual([0, 0])
  })

  test('behavior: the deadline holds for each piece, `logs.timeout` for all', async () => {
    const nodes = [{ after: 1_000, capabilities: { logs: { maxBlockRange: 50 } } }]
    const patient = createLogWorld({ nodes, options: { timeout: 2_000 } })
    const head = patient.start('eth_blockNumber')
    await patient.clock.advance(1_000)
    expect(head.ended?.value).toBe(toHex(2_000))
    const seen = patient.start('eth_getLogs', [range(1, 2_000)])
    await patient.clock.advance(10_000)
    expect([seen.ended?.at, seen.ended?.error]).toEqual([11_000, undefined])
    // The first one asks for the head.
    const hasty = createLogWorld({ nodes, options: { timeout: 2_000, logs: { timeout: 6_500 } } })
    const late = hasty.start('eth_getLogs', [range(1, 2_000)])
    await hasty.clock.advance(MINUTE)
    expect([late.ended?.at, late.ended?.error.name, late.times]).toEqual([6_500, 'AllProvidersFailedError', 1])
    expect([hasty.inFlight(), hasty.channel('p1').count('eth_getLogs')]).toEqual([0, 24])
  })

  test('behavior: a piece that hangs ends the request when its own time is over', async () => {
    const t = create([{ after: 10, capabilities: { logs: { maxBlockRange: 100 } } }], { timeout: 2_000 })
    const before = t.channel('p1').on('eth_getLogs').once
    before.reply([])
    before.hang()
    const seen = t.start('eth_getLogs', [range(1, 1_000)])
    await t.clock.advance(MINUTE)
    expect([seen.ended?.at, seen.ended?.error.name]).toEqual([2_010, 'AllProvidersFailedError'])
    expect(t.inFlight()).toBe(0)
  })
})

describe('failures', () => {
  test('behavior: one failing piece fails over by itself', async () => {
    const nodes = [1, 2].map((place) => ({
      capabilities: { logs: { maxBlockRange: 100 } },
      before({ from }: { from: number }) {
        if (place === 1 && from === 401) throw httpError(503, 'no')
      },
    }))
    const t = create(nodes)
    await check(t, range(1, 1_000))
    const counts = new Map<number, number>()
    for (const { from } of t.asked) counts.set(from, (counts.get(from) ?? 0) + 1)
    expect([...counts].filter(([, count]) => count > 1).map(([from]) => from)).toEqual(
      t.rangesOf('p1').includes('401-500') ? [401] : [],
    )
  })

  test('behavior: a provider that is down is left out once its breaker is open', async () => {
    const nodes = [1, 2].map((place) => ({
      after: 10,
      capabilities: { logs: { maxBlockRange: 10 } },
      before() {
        if (place === 1) throw networkError()
      },
    }))
    const t = create(nodes)
    await check(t, range(1, 1_000))
    expect(t.rangesOf('p1').length).toBeLessThanOrEqual(8)
  })

  test('behavior: when those that take wide pieces fail, those that take small ones serve', async () => {
    const t = create([
      {
        capabilities: { logs: { maxBlockRange: 1_000 } },
        before: () => {
          throw httpError(503, 'no')
        },
      },
      { capabilities: { logs: { maxBlockRange: 50 } } },
    ])
    await check(t, range(1, 1_000))
    expect(t.rangesOf('p2').length).toBe(20)
  })

  test('error: when nobody can serve a piece, its error is that of the request, the rest is given up', async () => {
    const before = ({ from }: { from: number }) => {
      if (from === 1) throw rpcError(-32000, 'the moon is full')
    }
    const nodes = [1, 2].map(() => ({ after: 10, before, capabilities: { logs: { maxBlockRange: 10 } } }))
    const t = create(nodes)
    const { error } = await settle(t, range(1, 1_000))
    expect([error.name, error.code, error.details]).toEqual(['InvalidInputRpcError', -32000, 'the moon is full'])
    await t.clock.advance(MINUTE)
    expect(t.inFlight()).toBe(0)
    expect(t.eventsOf('request').map(({ outcome }) => outcome)).toEqual(['error'])
  })

  test('error: what is wrong with the filter is said once', async () => {
    const before = () => {
      throw rpcError(-32602, 'invalid argument 0: hex string has length 2, want 40 for common.Address')
    }
    const nodes = [1, 2].map(() => ({ before, capabilities: { logs: { maxBlockRange: 2_000 } } }))
    const t = create(nodes)
    const { error } = await settle(t, range(1, 1_000))
    expect([error.name, t.asked.length]).toEqual(['InvalidParamsRpcError', 1])
  })

  test('behavior: an AbortSignal stops all pieces', async () => {
    const t = create([{ after: 50, capabilities: { logs: { maxBlockRange: 10 } } }])
    const controller = new AbortController()
    const seen = t.start('eth_getLogs', [range(1, 1_000)], { signal: controller.signal })
    await t.clock.advance(120)
    controller.abort(new Error('enough'))
    await t.clock.advance(0)
    expect([seen.ended?.error.message, t.channel('p1').inFlight, t.inFlight()]).toEqual(['enough', 0, 0])
    const sent = t.asked.length
    await t.clock.advance(MINUTE)
    expect([t.asked.length, t.state('p1')]).toEqual([sent, 'closed'])
    expect(t.eventsOf('request').map(({ outcome }) => outcome)).toEqual(['aborted'])
  })

  test('behavior: closing ends all pieces', async () => {
    const t = create([{ after: 50, capabilities: { logs: { maxBlockRange: 10 } } }])
    const seen = t.start('eth_getLogs', [range(1, 1_000)])
    await t.clock.advance(120)
    t.engine.close()
    await t.clock.advance(MINUTE)
    expect([seen.ended?.error.name, seen.times, t.inFlight()]).toEqual(['TransportClosedError', 1, 0])
  })

  test('behavior: pieces that wait for a provider that hangs do not hold up those of another request (they did until it answered)', async () => {
    const t = create([
      { after: 5_000, capabilities: { logs: { maxBlockRange: 10 } } },
      { after: 50, capabilities: { logs: { maxBlockRange: 10 } } },
    ])
    const slow = t.start('eth_getLogs', [range(1, 300)], { provider: 'p1' })
    await t.clock.advance(5_010)
    const fast = t.start('eth_getLogs', [range(301, 600)], { provider: 'p2' })
    await t.clock.advance(1_000)
    expect([slow.ended, fast.ended?.at, fast.ended?.error]).toEqual([undefined, 5_410, undefined])
  })

  test('behavior: a narrower request does not wait until a wider one has ended (for 400 pieces of one second it took 102 s)', async () => {
    const t = create([{ after: 1_000, capabilities: { logs: { maxBlockRange: 10 } } }])
    t.start('eth_getLogs', [range(1, 1_900)])
    await t.clock.advance(10)
    const narrow = t.start('eth_getLogs', [range(1_901, 1_920)])
    for (let turn = 0; turn < 5; turn++) await t.clock.advance(1_000)
    expect([narrow.ended?.at, narrow.ended?.error]).toEqual([3_000, undefined])
  })

  test('behavior: the next request finds its room', async () => {
    const t = create([{ after: 50, capabilities: { logs: { maxBlockRange: 10 } } }])
    const controller = new AbortController()
    t.start('eth_getLogs', [range(1, 1_000)], { signal: controller.signal })
    await t.clock.advance(120)
    controller.abort()
    await check(t, range(1, 100))
  })
})

describe('filters', () => {
  test('behavior: changes over more blocks than the provider takes come whole', async () => {
    const t = createLogWorld({ nodes: [{ enforces: { maxBlockRange: 100 } }], height: 1_000 })
    const id = await t.request('eth_newFilter', [{}])
    t.chain.mine(500)
    const changes = t.start('eth_getFilterChanges', [id])
    for (let turn = 0; !changes.ended && turn < 100; turn++) await t.clock.advance(50)
    expect(changes.ended?.value).toEqual(t.truth(range(1_001, 1_500)))
  })
})
