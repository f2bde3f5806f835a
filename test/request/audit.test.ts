// Found by an audit of the contract, each with its story.

import { describe, expect, test } from 'vitest'
import { createTestEngine } from '../support/engine'
import { httpError, networkError, rpcError } from '../support/errors'

const READ = 'eth_blockNumber'
const TO_WALLET = 'eth_sendTransaction'

describe('wallets', () => {
  const providers = [{ id: 'url' }, { id: 'wallet', isWallet: true }]

  test('a wallet whose reads are limited is still asked for its accounts', async () => {
    const t = createTestEngine({ providers })
    t.channel('wallet').on(READ).fail(rpcError(-32005, 'rate limited, try again in 50s'))
    await t.request(READ, [], { provider: 'wallet' }).catch(() => {})
    t.channel('wallet').on('eth_accounts').reply(['0x1'])
    expect(await t.request('eth_accounts')).toEqual(['0x1'])
    expect(t.channel('url').count('eth_accounts')).toBe(0)
  })

  test('a wallet that refuses for a reason of its own has the last word: nobody else signs', async () => {
    const t = createTestEngine({ providers })
    t.channel('wallet').fail(rpcError(-32603, 'missing trie node'))
    await expect(t.request(TO_WALLET, [{}])).rejects.toMatchObject({ code: -32603 })
    expect(t.channel('url').count(TO_WALLET)).toBe(0)
  })

  test('a read that waits for the check of a wallet that switches meanwhile is not answered from the other chain', async () => {
    const t = createTestEngine({
      providers: [{ id: 'wallet', isWallet: true }, { id: 'url' }],
      options: { chainId: 1, verifyChain: true },
    })
    const wallet = t.channel('wallet').reply('on another chain')
    wallet.on('eth_chainId').once.reply('0x1', { after: 100 }).reply('0x89', { after: 10 })
    wallet.on('wallet_switchEthereumChain').reply(null, { after: 50 })
    t.channel('url').on('eth_chainId').reply('0x1').reply('0x1')
    t.channel('url').on('eth_getBalance').reply('on chain 1')
    const read = t.start('eth_getBalance', ['0x1', 'latest'])
    t.start('wallet_switchEthereumChain', [{ chainId: '0x89' }])
    await t.clock.advance(1_000)
    expect(read.ended?.value).toBe('on chain 1')
  })
})

describe('rounds', () => {
  test('two that were well a moment ago and are both limited for a second serve again after it', async () => {
    const t = createTestEngine()
    for (const id of ['p1', 'p2']) {
      await t.request(READ, [], { provider: id })
      t.channel(id).once.fail(rpcError(-32005, 'rate limited, try again in 1s'))
    }
    const read = t.start(READ)
    await t.clock.advance(2_000)
    expect(read.ended?.value).toBe('0x1')
  })
})

describe('sends', () => {
  test('a probe beside a raw send does not carry its bytes: an error that says they were not sent is true', async () => {
    const t = createTestEngine()
    t.breaker('p1').open(0, 0)
    t.channel('p2').fail(rpcError(-32000, 'insufficient funds for gas * price + value'))
    await expect(t.request('eth_sendRawTransaction', ['0x02c0'])).rejects.toMatchObject({ mayHaveBeenSent: false })
    expect(t.channel('p1').count('eth_sendRawTransaction')).toBe(0)
    expect(t.channel('p1').count(READ)).toBe(1)
  })

  test.each([
    'eth_sendBundle',
    'eth_sendPrivateTransaction',
    'zks_sendRawTransactionWithDetailedOutput',
    // Reads that take signed bytes: somebody else could send them.
    'eth_callBundle',
    'trace_rawTransaction',
  ])('with a private provider in the list, %s reaches nobody else, whatever fails', async (method) => {
    const t = createTestEngine({
      providers: [{ id: 'public' }, { id: 'private', isPrivate: true }],
      options: { rounds: 1, share: true },
    })
    await t.request(method, [{}])
    t.channel('private').fail(httpError(503))
    await expect(t.request(method, [{}])).rejects.toThrow()
    expect([t.channel('public').count(method), t.channel('private').count(method)]).toEqual([0, 2])
  })

  test('with no deadline, one that takes the bytes and never answers is left for the next one', async () => {
    const t = createTestEngine({ options: { timeout: 0 } })
    t.channel('p1').hang()
    t.channel('p2').reply('0xhash')
    const sent = t.start('eth_sendRawTransaction', ['0x02c0'])
    await t.clock.advance(30_000)
    expect(sent.ended?.value).toBe('0xhash')
  })
})

describe('close() in a listener', () => {
  test('ends the request that is telling of its failover', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(networkError())
    t.engine.events.on('attempt', () => t.engine.close())
    await expect(t.request(READ)).rejects.toMatchObject({ name: 'TransportClosedError' })
    expect(t.channel('p2').count()).toBe(0)
  })
})

describe('strategies', () => {
  test('may hand back copies of what they are shown', async () => {
    const t = createTestEngine({ options: { strategy: (all) => all.map((one) => ({ ...one })).reverse() } })
    await t.request(READ)
    expect(t.channel('p2').count()).toBe(1)
  })
})
