// Whether a provider is on the client's chain: asked together with its first read, whose answer is held until it is known.

import { describe, expect, test } from 'vitest'
import type { TestEngineOptions } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { networkError, rpcError } from '../../support/errors'
import { createManualClock } from '../../support/manual-clock'
import { createScriptedFetch } from '../../support/scripted-fetch'

const READ = 'eth_getBalance'

function create(given: TestEngineOptions = {}) {
  const t = createTestEngine({ ...given, options: { chainId: 1, verifyChain: true, ...given.options } })
  for (const { id, channels } of t.engine.providers)
    for (const { type } of channels) t.channel(id, type).on('eth_chainId').reply('0x1')
  return t
}

test('behavior: a revert of a provider that turns out to be on another chain is no answer', async () => {
  const t = create()
  t.channel('p1').on('eth_chainId').reply('0x2', { after: 30 })
  t.channel('p1').fail(rpcError(3, 'execution reverted', '0x'), { after: 10 })
  t.channel('p2').reply('two')
  const seen = t.start('eth_call', [{ to: '0xa' }, 'latest'])
  await t.clock.advance(100)
  expect(seen.ended).toEqual({ at: 30, value: 'two' })
})

describe('a provider on the chain', () => {
  test('default: the check leaves together with the first read, whose answer is held, and only once', async () => {
    const t = create()
    t.channel('p1').on('eth_chainId').reply('0x1', { after: 30 })
    t.channel('p1').reply('one', { after: 10 })
    const requests = [t.start(READ, [1]), t.start(READ, [2])]
    await t.clock.settle()
    expect(t.channel('p1').calls.map(({ at }) => at)).toEqual([0, 0, 0])
    expect(
      t
        .channel('p1')
        .calls.map(({ method }) => method)
        .sort(),
    ).toEqual(['eth_chainId', READ, READ])
    await t.clock.advance(100)
    expect(requests.map(({ ended }) => ended)).toEqual(Array(2).fill({ at: 30, value: 'one' }))
    await t.clock.advance(10_000)
    t.start(READ, [3])
    await t.clock.advance(10)
    expect(t.eventsOf('request').at(-1)?.duration).toBe(10)
    expect(t.status().providers[0]?.upkeep.chain).toBe(1)
  })

  test.each([
    ['a revert', rpcError(3, 'execution reverted', '0x'), 30],
    ['a failure that another provider may not have', networkError(), 10],
  ])('behavior: %s is held until then if it is an answer', async (_, error, at) => {
    const t = create()
    t.channel('p1').on('eth_chainId').reply('0x1', { after: 30 })
    t.channel('p1').fail(error, { after: 10 })
    t.channel('p2').reply('two')
    const seen = t.start(READ, [1])
    await t.clock.advance(100)
    expect(seen.ended).toMatchObject(at === 30 ? { at, error: { code: 3 } } : { at, value: 'two' })
  })

  test('behavior: over HTTP the read is the first thing that a provider sees, before the check and the probe of its head', async () => {
    const clock = createManualClock()
    const server = createScriptedFetch(clock)
    const t = createTestEngine({
      clock,
      providers: [{ fetch: server.fetch }, {}],
      options: { chainId: 1, verifyChain: true, consistency: 'head' },
    })
    void t.request(READ, ['0xa', 'latest']).catch(() => {})
    await clock.settle()
    expect(server.posts.flatMap(({ requests }) => requests.map(({ method }) => method))).toEqual([
      READ,
      'eth_chainId',
      'eth_blockNumber',
    ])
  })

  test('behavior: what changes something leaves only when the chain is known', async () => {
    const t = create()
    t.channel('p1').on('eth_chainId').reply('0x1', { after: 30 })
    for (const method of ['evm_mine', 'eth_sendRawTransaction']) t.start(method, ['0x00'])
    await t.clock.advance(29)
    expect(t.channel('p1').count()).toBe(1)
    await t.clock.advance(1)
    expect(t.channel('p1').calls.map(({ method, at }) => [method, at])).toEqual([
      ['eth_chainId', 0],
      ['evm_mine', 30],
      ['eth_sendRawTransaction', 30],
    ])
  })

  test.each([
    [
      'fails',
      (t: ReturnType<typeof create>) => t.channel('p1').on('eth_chainId').fail(networkError(), { after: 20 }),
      20,
    ],
    [
      'says nothing that is a number',
      (t: ReturnType<typeof create>) => t.channel('p1').on('eth_chainId').reply(null, { after: 20 }),
      20,
    ],
    ['hangs', (t: ReturnType<typeof create>) => t.channel('p1').on('eth_chainId').hang(), 2_000],
  ])(
    'behavior: a check that %s leaves the provider unverified but usable, and is made again 2 s later',
    async (_, script, at) => {
      const t = create({ options: { hedge: false } })
      script(t)
      t.channel('p1').reply('one', { after: 10 })
      const first = t.start(READ)
      await t.clock.advance(2_000)
      expect(first.ended).toEqual({ at, value: 'one' })
      expect(t.inFlight()).toBe(0)
      t.channel('p1').on('eth_chainId').reply('0x1')
      await t.clock.advance(2_000)
      t.start(READ)
      await t.clock.advance(10)
      expect(t.channel('p1').count('eth_chainId')).toBe(2)
      expect(t.status().providers[0]?.channels.http?.breaker.failures).toBe(0)
    },
  )

  test('behavior: a write given up while it waits for the check never leaves', async () => {
    const t = create()
    t.channel('p1').on('eth_chainId').reply('0x1', { after: 100 })
    const controller = new AbortController()
    const request = t.start('evm_mine', [], { signal: controller.signal })
    await t.clock.advance(50)
    controller.abort(new Error('enough'))
    await t.clock.advance(1_000)
    expect(request.ended?.at).toBe(50)
    expect(t.channel('p1').count('evm_mine')).toBe(0)
  })

  test('behavior: a write whose time is over while it waits for the check never leaves', async () => {
    const t = create()
    t.channel('p1').on('eth_chainId').reply('0x1', { after: 100 })
    const request = t.start('evm_mine', [], { timeout: 50 })
    await t.clock.advance(1_000)
    expect(request.ended?.at).toBe(50)
    expect(t.channel('p1').count('evm_mine')).toBe(0)
  })

  test('behavior: one that was away is asked for its chain again: another node may stand at its address', async () => {
    const t = create({ providers: 1 })
    await t.request(READ, [0])
    t.channel('p1').fail(networkError())
    t.start(READ, [1], { timeout: 1_000 })
    await t.clock.advance(2_000)
    expect(t.state('p1')).not.toBe('closed')
    t.channel('p1').on('eth_chainId').reply('0x5')
    t.channel('p1').reply('of another chain')
    const request = t.start(READ, [2])
    await t.clock.advance(5_000)
    expect(request.ended?.error?.name).toBe('AllProvidersFailedError')
    expect(t.status().providers[0]?.wrongChain).toBe(true)
  })

  test('behavior: given that the check beside its probe fails, then the next one leaves with the first read once it is back', async () => {
    const t = create()
    await t.request(READ, [0])
    t.channel('p2').reply('two')
    for (const script of [t.channel('p1'), t.channel('p1').on('eth_chainId')]) script.fail(networkError())
    t.breaker('p1').open(t.clock.now(), 100)
    await t.clock.advance(200)
    t.channel('p1').reply('of another chain', { after: 5 })
    expect(await t.request(READ, [1])).toBe('two')
    await t.clock.advance(10)
    expect(t.state('p1')).toBe('closed')
    t.channel('p1').on('eth_chainId').reply('0x5')
    const request = t.start(READ, [2])
    await t.clock.advance(10)
    expect(request.ended?.value).toBe('two')
    expect(t.status().providers[0]?.wrongChain).toBe(true)
  })

  test('behavior: what was known of one that is away is no answer of it', async () => {
    const t = create()
    await t.request(READ, [0])
    t.channel('p1').on('eth_chainId').fail(networkError())
    t.breaker('p1').open(t.clock.now(), 100)
    const request = t.start('eth_chainId', undefined, { provider: 'p1', timeout: 1_000 })
    await t.clock.advance(1_000)
    expect(request.ended?.error?.name).toBe('AllProvidersFailedError')
    expect(t.state('p1')).not.toBe('closed')
  })

  test('behavior: a check that was on its way while we slept says nothing: it is asked again before an answer is used', async () => {
    const t = create({ providers: 2 })
    t.channel('p2').on('eth_chainId').once.hang()
    t.channel('p2').on('eth_chainId').reply('0x5', { after: 20 })
    t.channel('p2').reply('of another chain', { after: 5 })
    t.channel('p1').hang()
    const request = t.start(READ, [1], { timeout: 60_000 })
    void t.start(READ, [2], { provider: 'p2', timeout: 60_000 })
    await t.clock.settle()
    await t.clock.jump(30_000)
    await t.clock.advance(29_000)
    expect(request.ended?.value).not.toBe('of another chain')
    expect(t.status().providers[1]?.wrongChain).toBe(true)
  })

  test('behavior: verifyChain: false asks nothing', async () => {
    const t = create({ options: { verifyChain: false } })
    await t.request(READ)
    expect(t.channel('p1').count('eth_chainId')).toBe(0)
  })
})

describe('124. given a provider on the wrong chain', () => {
  test('then no answer of it is ever returned, the first included; it is said once and not asked again', async () => {
    const t = create({ providers: [{ channels: ['http', 'ws'] }, {}] })
    for (const type of ['http', 'ws'] as const) t.channel('p1', type).on('eth_chainId').reply('0x5')
    t.channel('p1', 'http').reply('wrong')
    t.channel('p1', 'ws').reply('wrong')
    t.channel('p2').reply('two')
    const values = await Promise.all([1, 2, 3].map((index) => t.request(READ, [index])))
    for (let turn = 0; turn < 5; turn++) values.push(await t.request(READ, [turn]))
    expect(values).toEqual(Array(8).fill('two'))
    expect(t.channel('p1', 'http').count(READ)).toBe(3)
    expect(t.channel('p1', 'ws').count()).toBe(0)
    expect(t.eventsOf('capability')).toEqual([
      { provider: 'p1', what: 'chain', from: '1', to: '5', why: expect.stringContaining('eth_chainId') },
    ])
    expect(t.status().providers.map(({ wrongChain }) => wrongChain)).toEqual([true, false])
    expect(t.status().providers[0]?.channels.http?.breaker).toEqual({ state: 'closed', failures: 0 })
  })

  test('then the error of the request that found out says so, and that of the next one', async () => {
    const t = create({ providers: [{}] })
    t.channel('p1').on('eth_chainId').reply('0x5')
    t.channel('p1').reply('wrong')
    await expect(t.request(READ)).rejects.toMatchObject({
      name: 'AllProvidersFailedError',
      message: expect.stringMatching(/\n {2}p1 {2}http {2}is on another chain {2}\d+ ms\n/),
      attempts: [{ kind: 'unknown' }],
    })
    await expect(t.request(READ)).rejects.toMatchObject({
      name: 'NoProviderError',
      reasons: [{ provider: 'p1', reason: 'is on another chain' }],
    })
  })

  test('then nothing that changes something reaches it', async () => {
    const t = create()
    t.channel('p1').on('eth_chainId').reply('0x5')
    t.channel('p2').reply('two')
    expect(await t.request('evm_mine')).toBe('two')
    expect(await t.request('eth_sendRawTransaction', ['0x00'])).toBe('two')
    expect(t.channel('p1').calls.map(({ method }) => method)).toEqual(['eth_chainId'])
  })

  test('then a list of nobody else fails with it, and says so without a call the next time', async () => {
    const t = create({ providers: 1 })
    t.channel('p1').on('eth_chainId').reply('0x5')
    await expect(t.request(READ)).rejects.toMatchObject({
      name: 'AllProvidersFailedError',
      cause: { name: 'ChainMismatchError' },
    })
    const calls = t.channel('p1').count()
    await expect(t.request(READ)).rejects.toMatchObject({
      name: 'NoProviderError',
      reasons: [{ provider: 'p1', reason: 'is on another chain' }],
    })
    expect(t.channel('p1').count()).toBe(calls)
  })

  test('then its wallet methods still work', async () => {
    const t = create({ providers: [{ isWallet: true }, {}] })
    t.channel('p1').on('eth_chainId').reply('0x5')
    t.channel('p1').reply('wallet')
    t.channel('p2').reply('two')
    expect(await t.request(READ)).toBe('two')
    expect(await t.request('eth_accounts')).toBe('wallet')
    expect(await t.request('wallet_switchEthereumChain', [{ chainId: '0x1' }])).toBe('wallet')
    t.channel('p1').on('eth_chainId').reply('0x1')
    expect(await t.request(READ)).toBe('wallet')
  })

  test('then a chain asked for before a wallet_ call is not the answer after it', async () => {
    const t = create({ providers: [{ isWallet: true }, {}] })
    t.channel('p1').on('eth_chainId').once.reply('0x5', { after: 100 })
    t.channel('p1').reply('wallet')
    t.channel('p2').reply('two')
    const before = t.start(READ)
    await t.clock.advance(10)
    await t.request('wallet_switchEthereumChain', [{ chainId: '0x1' }])
    expect(await t.request(READ, ['after'])).toBe('wallet')
    await t.clock.advance(200)
    expect(t.status().providers[0]?.wrongChain).toBe(false)
    expect(before.times).toBe(1)
  })

  test('then a chain asked for before a wallet_ call of the same millisecond is not the answer after it', async () => {
    const t = create({ providers: [{ isWallet: true }] })
    t.channel('p1').on('eth_chainId').once.reply('0x5', { after: 100 }).reply('0x1', { after: 200 })
    t.channel('p1').reply('wallet')
    const before = t.start(READ)
    await t.request('wallet_switchEthereumChain', [{ chainId: '0x1' }])
    const after = t.start(READ, ['after'])
    await t.clock.advance(1_000)
    expect([before, after].map(({ ended }) => ended?.value)).toEqual(['wallet', 'wallet'])
    expect(t.eventsOf('capability')).toEqual([])
  })

  test('then a wallet is asked for its chain before a read, unless it was within the last second', async () => {
    const t = create({ providers: [{ isWallet: true }] })
    const asked = () => t.channel('p1').count('eth_chainId')
    await t.request(READ)
    await t.clock.advance(1_000)
    await t.request(READ)
    expect(asked()).toBe(1)
    await t.clock.advance(1)
    await t.request(READ)
    expect(asked()).toBe(2)
  })
})

describe('given a wallet in the list, then eth_chainId is a question about it', () => {
  const CHAIN = 'eth_chainId'
  const providers = [{}, { isWallet: true }]

  test('behavior: it is told also of a wallet on another chain, so that no client sends there', async () => {
    const t = create({ providers, options: { share: true } })
    t.channel('p2').on(CHAIN).reply('0x5')
    expect(await t.request(CHAIN)).toBe('0x5')
    // Also once that is known.
    await t.request(READ, [], { provider: 'p2' }).catch(() => {})
    expect(await t.request(CHAIN)).toBe('0x5')
  })

  test('behavior: a slow one is waited for, one that is not connected is passed', async () => {
    const t = create({ providers })
    t.channel('p2').on(CHAIN).reply('0x5', { after: 2_000 })
    const slow = t.start(CHAIN)
    await t.clock.advance(2_000)
    expect(slow.ended?.value).toBe('0x5')
    t.channel('p2').on(CHAIN).fail(rpcError(4900, 'Disconnected'))
    expect(await t.request(CHAIN)).toBe('0x1')
  })

  test('behavior: it is asked as sends are, also behind an open breaker, and what it fails with is not hidden by others', async () => {
    const t = create({ providers, options: { share: true } })
    t.channel('p2').on(CHAIN).reply('0x5')
    t.breaker('p2').open(t.clock.now(), 60_000)
    expect(await t.request(CHAIN)).toBe('0x5')
    t.channel('p2').on(CHAIN).fail(rpcError(-32603, 'Internal error'))
    await t.clock.advance(1_000)
    await expect(t.request(CHAIN)).rejects.toMatchObject({ code: -32603 })
    expect(t.channel('p1').count(CHAIN)).toBe(0)
  })

  test('behavior: whoever names a provider is told of that one', async () => {
    const t = create({ providers })
    t.channel('p2').on(CHAIN).reply('0x5')
    expect(await t.request(CHAIN, undefined, { provider: 'p1' })).toBe('0x1')
    await t.request(READ, [], { provider: 'p2' }).catch(() => {})
    expect(await t.request(CHAIN, undefined, { provider: 'p2' })).toBe('0x5')
  })
})

describe('ready', () => {
  test('behavior: the first provider that is verified is enough; one that hangs holds up nobody', async () => {
    const t = create()
    t.channel('p1').on('eth_chainId').hang()
    t.channel('p2').on('eth_chainId').reply('0x1', { after: 10 })
    let isReady: boolean | undefined
    void t.engine.verifyAny(t.face).then((is) => {
      isReady = is
    })
    await t.clock.advance(10)
    expect(isReady).toBe(true)
  })

  test('behavior: with every provider on another chain, nobody is', async () => {
    const t = create()
    for (const id of ['p1', 'p2']) t.channel(id).on('eth_chainId').reply('0x2')
    expect(await t.engine.verifyAny(t.face)).toBe(false)
  })

  test('behavior: given a wallet on another chain, when its user switches it, then it is', async () => {
    const t = create({ providers: [{ isWallet: true }] })
    t.channel('p1').on('eth_chainId').reply('0x5')
    expect(await t.engine.verifyAny(t.face)).toBe(false)
    t.channel('p1').on('eth_chainId').reply('0x1')
    expect(await t.engine.verifyAny(t.face)).toBe(true)
  })

  describe('where no chain is checked, asks as any request does', () => {
    test('behavior: a provider that takes three seconds is enough', async () => {
      const t = createTestEngine()
      for (const id of ['p1', 'p2']) t.channel(id).reply('0x5', { after: 3_000 })
      let isReady: boolean | undefined
      void t.engine.verifyAny(t.face).then((is) => {
        isReady = is
      })
      await t.clock.advance(3_000)
      expect(isReady).toBe(true)
    })

    test('behavior: one behind a wall is not asked, nor a backup while others answer', async () => {
      const t = createTestEngine({
        providers: [{}, {}, { isBackup: true }],
        options: { methods: { eth_chainId: { providers: ['p2', 'p3'] } } },
      })
      expect(await t.engine.verifyAny(t.face)).toBe(true)
      expect(['p1', 'p2', 'p3'].map((id) => t.channel(id).count())).toEqual([0, 1, 0])
    })
  })
})

test('behavior: one found to be on another chain is tried over one of its channels, not over the other too', async () => {
  const t = create({ providers: [{ channels: ['http', 'ws'] }, {}] })
  for (const type of ['http', 'ws'] as const) t.channel('p1', type).on('eth_chainId').reply('0x5')
  expect(await t.request(READ)).toBe('0x1')
  expect(t.eventsOf('attempt').map(({ provider, channel }) => [provider, channel])).toEqual([
    ['p1', 'http'],
    ['p2', 'http'],
  ])
})
