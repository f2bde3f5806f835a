// The end of an engine, at any moment: every request that is on its way ends once, nothing is blamed, no timer stays.

import { keccak256, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import type { TestEngine } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { networkError, rpcError, timeoutError } from '../../support/errors'
import { createManualClock } from '../../support/manual-clock'

const READ = 'eth_getBalance'
const account = privateKeyToAccount(toHex(1, { size: 32 }))
const raw = await account.signTransaction({ to: account.address, chainId: 1, gas: 21_000n, gasPrice: 1n })

type Place = () => Promise<[TestEngine, ...ReturnType<TestEngine['start']>[]]>

/** Engines in which a request is at each place it can be, and the one that is there. */
const places: Record<string, Place> = {
  async 'in flight'() {
    const t = createTestEngine({ providers: 3, options: { hedge: { delay: 100 } } })
    for (const id of ['p1', 'p2', 'p3']) t.channel(id).hang()
    const request = t.start(READ)
    await t.clock.advance(300)
    return [t, request]
  },
  async 'in a pause'() {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').fail(rpcError(-32000, 'header not found'))
    const request = t.start(READ)
    await t.clock.advance(100)
    return [t, request]
  },
  async 'in a queue'() {
    const t = createTestEngine({ providers: [{ limits: { concurrency: 1 } }] })
    t.channel('p1').hang()
    const requests = [t.start(READ), t.start(READ), t.start(READ)] as const
    await t.clock.advance(100)
    return [t, ...requests]
  },
  async 'waiting and leading'() {
    const t = createTestEngine({ providers: 1 })
    t.breaker('p1').open(0, 1e9)
    const requests = [t.start(READ), t.start(READ)] as const
    await t.clock.advance(50)
    return [t, ...requests]
  },
  async 'probing for those that wait'() {
    const t = createTestEngine({ providers: 1 })
    t.breaker('p1').open(0, 1e9)
    t.channel('p1').hang()
    const requests = [t.start(READ), t.start(READ)] as const
    await t.clock.advance(100)
    return [t, ...requests]
  },
  async 'beside its copy'() {
    const t = createTestEngine()
    t.breaker('p1').open(0, 0)
    for (const id of ['p1', 'p2']) t.channel(id).hang()
    const request = t.start(READ)
    await t.clock.advance(100)
    return [t, request]
  },
  async 'held for its chain'() {
    const t = createTestEngine({ options: { chainId: 1, verifyChain: true } })
    t.channel('p1').on('eth_chainId').hang()
    const requests = [t.start(READ), t.start('evm_mine')] as const
    await t.clock.advance(100)
    return [t, ...requests]
  },
  async 'in a raw transaction'() {
    const t = createTestEngine()
    t.channel('p1').hang()
    const request = t.start('eth_sendRawTransaction', ['0x00'])
    await t.clock.advance(100)
    return [t, request]
  },
}

describe.each(Object.keys(places))('close() %s', (place) => {
  test('rejects with TransportClosedError, once, gives back everything and leaves no timer', async () => {
    const [t, ...requests] = await (
      places[place] as () => Promise<[TestEngine, ...ReturnType<TestEngine['start']>[]]>
    )()
    const calls = () => t.engine.providers.reduce((sum, { id }) => sum + t.channel(id).count(), 0)
    const before = calls()
    const at = t.clock.now()
    t.engine.close()
    t.engine.close()
    await t.clock.settle()
    expect(t.clock.pending.total).toBe(0)
    expect(t.inFlight()).toBe(0)
    for (const request of requests)
      expect(request).toMatchObject({ times: 1, ended: { at, error: { name: 'TransportClosedError' } } })
    for (const { channels } of t.engine.providers)
      expect(channels.every(({ breaker }) => !breaker.isProbing())).toBe(true)
    await t.clock.advance(20_000)
    expect([calls(), t.clock.pending.total]).toEqual([before, 0])
    for (const request of requests) expect(request.times).toBe(1)
    await expect(t.request(READ)).rejects.toMatchObject({ name: 'TransportClosedError' })
  })
})

test.each(Object.keys(places).filter((place) => place !== 'in a raw transaction'))(
  'close() %s: each request is told of once',
  async (place) => {
    const [t, ...requests] = await (places[place] as Place)()
    t.engine.close()
    await t.clock.settle()
    expect(t.eventsOf('request').map(({ outcome }) => outcome)).toEqual(requests.map(() => 'aborted'))
  },
)

describe('close() of a send', () => {
  const HASH = keccak256(raw)

  test.each<[string, string, readonly unknown[], object]>([
    ['raw', 'eth_sendRawTransaction', [raw], { mayHaveBeenSent: true, transactionHash: HASH }],
    ['synchronous raw', 'eth_sendRawTransactionSync', [raw], { mayHaveBeenSent: true, transactionHash: HASH }],
    ['unsigned', 'eth_sendTransaction', [{}], { mayHaveBeenSent: true }],
  ])(
    'behavior: given a %s one that is on its way, then the error says that it may have been sent',
    async (_, method, params, facts) => {
      const t = createTestEngine()
      t.channel('p1').hang()
      const seen = t.start(method, params)
      await t.clock.advance(100)
      t.engine.close()
      await t.clock.settle()
      expect(seen.ended?.error).toMatchObject({ name: 'TransportClosedError', ...facts })
      expect(seen.ended?.error.message).toContain('The transaction may have been sent')
    },
  )

  test('behavior: given one that has not left, then the error says that it was not sent', async () => {
    const t = createTestEngine({ providers: 1 })
    t.breaker('p1').open(0, 1e9)
    const seen = t.start('eth_sendRawTransaction', [raw])
    await t.clock.advance(10)
    t.engine.close()
    await t.clock.settle()
    expect(seen.ended?.error).toMatchObject({
      name: 'TransportClosedError',
      mayHaveBeenSent: false,
      transactionHash: HASH,
    })
  })

  test('behavior: given one whose receipt is looked for, then the error says that it may have been sent', async () => {
    const t = createTestEngine({ providers: 1, options: { rounds: 1 } })
    t.channel('p1').on('eth_sendRawTransactionSync').fail(timeoutError())
    t.channel('p1').on('eth_getTransactionReceipt').reply(null)
    const seen = t.start('eth_sendRawTransactionSync', [raw])
    await t.clock.advance(100)
    t.engine.close()
    await t.clock.settle()
    expect(seen.ended?.error).toMatchObject({
      name: 'TransportClosedError',
      mayHaveBeenSent: true,
      transactionHash: HASH,
    })
  })

  test.each<[string, (t: TestEngine) => unknown]>([
    ['cannot be asked', (t) => t.breaker('p1').open(0, 1e9)],
    ['cannot be reached', (t) => t.channel('p1').fail(networkError())],
  ])(
    'behavior: given one that was offered to all, of whom one %s and one is silent, then the error says that it may have been sent',
    async (_, prepare) => {
      const t = createTestEngine({ options: { broadcast: 'all' } })
      prepare(t)
      t.channel('p2').hang()
      const seen = t.start('eth_sendRawTransaction', [raw])
      await t.clock.advance(10)
      t.engine.close()
      await t.clock.settle()
      expect(seen.ended?.error).toMatchObject({
        name: 'TransportClosedError',
        mayHaveBeenSent: true,
        transactionHash: HASH,
      })
    },
  )
})

test('React StrictMode: create, close, create on the same clock: the second one works and the first one stays away', async () => {
  const clock = createManualClock()
  const first = createTestEngine({ clock })
  first.channel('p1').hang()
  const lost = first.start(READ)
  first.engine.close()
  const second = createTestEngine({ clock })
  second.channel('p1').fail(networkError())
  expect(await second.request(READ)).toBe('0x1')
  await clock.advance(20_000)
  expect(lost).toMatchObject({ times: 1, ended: { at: 0, error: { name: 'TransportClosedError' } } })
  second.engine.close()
  expect(clock.pending.total).toBe(0)
})

test('by a listener, as the probe of a provider that is back is answered: its head is not asked for any more', async () => {
  const t = createTestEngine({ providers: 2, options: { consistency: 'head' } })
  for (const id of ['p1', 'p2']) t.channel(id).on('eth_blockNumber').reply('0x64')
  await t.request('eth_blockNumber', [], { provider: 'p2' })
  t.breaker('p1').open(t.clock.now(), 1_000)
  await t.clock.advance(1_000)
  t.engine.events.on('breaker', ({ to }) => to === 'closed' && t.engine.close())
  const before = t.channel('p1').count('eth_blockNumber')
  t.start(READ)
  await t.clock.advance(20_000)
  expect([t.state('p1'), t.channel('p1').count('eth_blockNumber') - before, t.clock.pending.total]).toEqual([
    'closed',
    0,
    0,
  ])
})
