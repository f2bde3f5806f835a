// A `failover()` that is an entry of another one and has more than a list: it keeps what holds for it.

import type { Transport } from 'viem'
import { createPublicClient } from 'viem'
import { mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import type { FailoverOptions, ProviderEntry } from '../../src'
import { failover } from '../../src'
import { createFleet } from '../support/fleet'
import type { FleetProvider } from '../support/fleet-provider'

const RAW = { method: 'eth_sendRawTransaction', params: ['0x02c0'] }
const READ = { method: 'eth_getBalance', params: [`0x${'11'.repeat(20)}`, 'latest'] }

const entry = ({ id, url }: FleetProvider) => ({ id, http: url })

function setUp(list: readonly ProviderEntry[], options: FailoverOptions = {}) {
  const { transport } = createPublicClient({ chain: mainnet, transport: failover(list, { hedge: false, ...options }) })
  const ask = (request: object, own?: object): Promise<any> =>
    (transport.request as any)(request, own).catch((error: unknown) => error)
  return { transport, ask }
}

describe('what holds for the inner list', () => {
  const nestings: Record<string, (inner: Transport) => ProviderEntry[]> = {
    'an entry': (inner) => [inner],
    'an endpoint': (inner) => [{ id: 'inner', http: inner }],
    'an entry of an entry': (inner) => [failover([inner])],
  }

  test.each(Object.entries(nestings))('behavior: its wall, as %s', async (_, nest) => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const { ask } = setUp(nest(failover([p1, p2].map(entry), { methods: { [RAW.method]: { providers: ['p2'] } } })))
    await ask(RAW)
    expect([p1.count(RAW.method), p2.count(RAW.method)]).toEqual([0, 1])
  })

  test.each(Object.entries(nestings))('behavior: what with() set, as %s', async (_, nest) => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const { ask } = setUp(nest(failover([p1, p2].map(entry)).with({ provider: 'p2' })))
    await ask(RAW)
    expect([p1.count(RAW.method), p2.count(RAW.method)]).toEqual([0, 1])
  })

  test('behavior: pins of one list are entries each', async () => {
    await using fleet = await createFleet([{ status: 503 }, {}])
    const inner = failover(fleet.providers.map(entry))
    const { ask, transport } = setUp([inner.with({ provider: 'p1' }), inner.with({ provider: 'p2' })])
    expect(transport.status().providers.map(({ id }) => id)).toEqual(['failover', 'failover-2'])
    expect(await ask(READ)).toMatch(/^0x/)
  })

  test('behavior: a private provider in it is private for all', async () => {
    await using fleet = await createFleet(3)
    const [p1, p2, p3] = fleet.providers
    const inner = failover([entry(p2), { ...entry(p3), private: true }], { timeout: 5_000 })
    for (const nested of [inner, { http: inner }]) await setUp([p1.url, nested]).ask(RAW)
    expect([p1, p2, p3].map((provider) => provider.count(RAW.method))).toEqual([0, 0, 2])
  })

  test('behavior: a key or a name, and options without a value, are no reason: it is flattened', async () => {
    const inner = failover(['http://a.example'], { key: 'k', name: 'n', timeout: undefined }).with({
      provider: undefined,
    })
    expect(
      setUp([inner])
        .transport.status()
        .providers.map(({ id }) => id),
    ).toEqual(['a.example'])
  })
})

describe('as a provider', () => {
  const options = { timeout: 5_000 }

  test('behavior: another is asked when all of its own failed, and its breaker opens', async () => {
    await using fleet = await createFleet([{ status: 503 }, { reset: 'before' }, {}])
    const [p1, p2, p3] = fleet.providers
    const { ask, transport } = setUp([failover([p1, p2].map(entry), options), entry(p3)], { share: false })
    for (let count = 0; count < 6; count++) expect(await ask(READ)).toMatch(/^0x/)
    expect(transport.status().providers[0]?.channels.http?.breaker.state).toBe('open')
  })

  test('behavior: an error of JSON-RPC comes as http() would have thrown it', async () => {
    const error = { code: 3, message: 'execution reverted', data: '0x1234' }
    await using fleet = await createFleet([{ error }, {}])
    const [p1, p2] = fleet.providers
    const { ask } = setUp([failover([entry(p1)], options), entry(p2)])
    const thrown = await ask(READ)
    expect(thrown).toMatchObject({ code: 3, attempts: [{ provider: 'failover', kind: 'reverted' }] })
    expect(p2.count(READ.method)).toBe(0)
  })

  test('behavior: one whose providers are on another chain gives no answers', async () => {
    await using other = await createFleet(1, { chainId: 5 })
    await using fleet = await createFleet(1)
    const { ask } = setUp([failover([other.providers[0].url], options), entry(fleet.providers[0])])
    expect(await ask(READ)).toMatch(/^0x/)
    expect(fleet.providers[0].count(READ.method)).toBe(1)
  })

  test('behavior: a method that it may ask nobody for goes to the next, and is nobody’s fault', async () => {
    await using fleet = await createFleet(2)
    const [p1, p2] = fleet.providers
    const inner = failover([entry(p1)], options).with({ exclude: ['p1'] })
    const { ask, transport } = setUp([inner, entry(p2)], { methods: { [READ.method]: { repeat: false } } })
    for (let count = 0; count < 6; count++) await ask(READ)
    expect([p1.count(), p2.count(READ.method)]).toEqual([0, 6])
    expect(transport.status().providers[0]?.channels.http?.breaker).toEqual({ state: 'closed', failures: 0 })
  })

  test('behavior: what may have been sent by it is sent by no other', async () => {
    const lacks = { error: { code: -32601, message: 'the method does not exist' } }
    await using fleet = await createFleet([lacks, { methods: 'eth_sendTransaction', reset: 'processed' }, {}])
    const [p1, p2, p3] = fleet.providers
    const { ask } = setUp([failover([p1, p2].map(entry), { ...options, verifyChain: false }), entry(p3)])
    const send = { method: 'eth_sendTransaction', params: [{ from: `0x${'11'.repeat(20)}` }] }
    const error: any = await ask(send)
    expect(error).toMatchObject({ mayHaveBeenSent: true })
    // Each list could say so.
    expect(error.message.match(/may have been sent/g)).toHaveLength(1)
    expect([p1, p2, p3].map((provider) => provider.count(send.method))).toEqual([1, 1, 0])
  })

  test('behavior: giving up the request gives it up there too, also where it is a socket', async () => {
    await using fleet = await createFleet([{ methods: READ.method, hang: true }])
    const [p1] = fleet.providers
    for (const subscriptions of [false, true]) {
      const inner = failover([entry(p1)], { ...options, subscriptions })
      const source = createPublicClient({ chain: mainnet, transport: inner }).transport
      const { ask } = setUp([inner])
      const ended = new Promise((resolve) => {
        source.on('request', (event) => event.method === READ.method && resolve(event))
      })
      const controller = new AbortController()
      const asked = ask(READ, { signal: controller.signal })
      while (p1.count(READ.method) === 0) await new Promise(setImmediate)
      p1.forgetCalls()
      controller.abort()
      await asked
      expect(await ended).toMatchObject({ outcome: 'aborted' })
    }
  })

  test('behavior: its stream is the stream, and ends with the outer list; its own engine goes on', async () => {
    await using fleet = await createFleet(1)
    const [p1] = fleet.providers
    const inner = failover([{ id: 'p1', http: p1.url, ws: p1.wsUrl }], options)
    const source = createPublicClient({ chain: mainnet, transport: inner }).transport
    const { transport } = setUp([inner])
    expect(transport.type).toBe('webSocket')
    const numbers: number[] = []
    await transport.subscribe({
      params: ['newHeads'],
      onData: ({ result }: any) => numbers.push(Number(result.number)),
    })
    expect(transport.status().subscriptions).toMatchObject([{ source: { provider: 'failover', channel: 'ws' } }])
    const first = fleet.chain.mine().number
    while (numbers.length === 0) await new Promise(setImmediate)
    expect(numbers).toEqual([Number(first)])
    await transport.close()
    while ((source.status().subscriptions[0]?.subscribers ?? 0) > 0) await new Promise(setImmediate)
    expect(await (source.request as any)(READ)).toMatch(/^0x/)
    await source.close()
  })
})
