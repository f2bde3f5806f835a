// Who is asked for what was sent, and what of it is no business of its own. Manual clock, scripted providers.

import type { Hex } from 'viem'
import { concatHex, keccak256, numberToHex, toRlp } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import type { TestEngineOptions } from '../../support/engine'
import { createTestEngine } from '../../support/engine'

const SEND = 'eth_sendRawTransaction'
const NONCE = 'eth_getTransactionCount'
const LOOK_UP = 'eth_getTransactionByHash'

const account = privateKeyToAccount(keccak256('0x01'))
const raw = await account.signTransaction({ chainId: 1, nonce: 6, gas: 21_000n, gasPrice: 1n, to: account.address })
const hash = keccak256(raw)
const other = numberToHex(1, { size: 32 })

/** Two providers, of which the second took the transaction. */
async function setUp(given: TestEngineOptions = {}) {
  const t = createTestEngine(given)
  for (const id of ['p1', 'p2']) t.channel(id).on(NONCE).reply('0x2').on(LOOK_UP).reply({ hash })
  t.channel('p2').on(SEND).reply(hash)
  await t.request(SEND, [raw], { provider: 'p2' })
  return { ...t, asked: (method: string) => ['p1', 'p2'].map((id) => t.channel(id).count(method)) }
}

describe('after a send', () => {
  test('behavior: whom the caller names is asked all the same', async () => {
    const { request, asked } = await setUp()
    await request(LOOK_UP, [hash], { provider: 'p1' })
    await request(NONCE, [account.address, 'pending'], { provider: 'p1', allowFailover: true })
    expect([asked(LOOK_UP), asked(NONCE)]).toEqual([
      [1, 1], // the nonce is below what was sent: whoever took it says whether it is still there
      [1, 0],
    ])
  })

  test('behavior: the nonce of a block is what the provider says', async () => {
    const { request } = await setUp()
    const nonceAt = (block: string) => request(NONCE, [account.address, block])
    expect([await nonceAt('latest'), await nonceAt('pending')]).toEqual(['0x2', '0x7'])
  })

  describe('a nonce that leaves out others', () => {
    /** The pending nonces that callers get, after they got 2, while the provider goes on saying 2. */
    async function noncesAfter(nonces: number[], found: object = {}) {
      const t = createTestEngine({ providers: 1 })
      const own = t
        .channel('p1')
        .on(NONCE)
        .reply('0x2')
        .on(LOOK_UP)
        .reply({ hash, ...found })
      const pending = () => t.request(NONCE, [account.address, 'pending'])
      await pending()
      for (const nonce of nonces) {
        const bytes = await account.signTransaction({
          chainId: 1,
          nonce,
          gas: 21_000n,
          gasPrice: 1n,
          to: account.address,
        })
        own.on(SEND).reply(keccak256(bytes))
        await t.request(SEND, [bytes])
      }
      const first = await pending()
      await t.clock.advance(59_999)
      return [first, await pending()]
    }

    test.each([
      ['its sender goes on below it', [6], ['0x2', '0x2']],
      ['it counts from where the others end', [3, 6, 2], ['0x4', '0x4']],
      ['it counts once they are all there', [3, 5, 4, 2], ['0x6', '0x6']],
    ])('behavior: %s', async (_, nonces, expected) => {
      expect(await noncesAfter(nonces)).toEqual(expected)
    })

    test('behavior: once it is mined, others have sent what was left out', async () => {
      expect(await noncesAfter([6], { blockNumber: '0x9' })).toEqual(['0x7', '0x7'])
    })

    test('behavior: after a reset the nonce that was given before says nothing', async () => {
      const t = createTestEngine({ providers: 1, options: { consistency: 'head' } })
      t.channel('p1').on(NONCE).reply('0x2').on(LOOK_UP).reply({ hash }).on(SEND).reply(hash)
      await t.request(NONCE, [account.address, 'pending'])
      await t.request('evm_revert', ['0x1'])
      await t.request(SEND, [raw])
      expect(await t.request(NONCE, [account.address, 'pending'])).toBe('0x7')
    })
  })

  test.each([
    ['another hash', LOOK_UP, [other]],
    ['what is pending but no nonce', 'eth_getBalance', [account.address, 'pending']],
  ])('behavior: reads of %s are shared and hedged as ever', async (_, method, params) => {
    const { clock, channel, start, asked } = await setUp({ options: { share: true } })
    channel('p1').on(method).hang()
    const seen = [start(method, params), start(method, params)]
    await clock.advance(1_000)
    expect(asked(method)).toEqual([1, 1])
    expect(seen.map(({ ended }) => ended?.at)).toEqual([500, 500])
  })

  test('behavior: so is the nonce of one who has sent nothing hedged', async () => {
    const { clock, channel, start } = await setUp()
    channel('p1').on(NONCE).hang()
    const seen = start(NONCE, [`0x${'22'.repeat(20)}`, 'pending'])
    await clock.advance(1_000)
    expect(seen.ended).toEqual({ at: 500, value: '0x2' })
  })

  test('error: given up while it is asked whether a transaction is still there', async () => {
    const { clock, channel, start } = await setUp()
    channel('p2').on(LOOK_UP).hang()
    const controller = new AbortController()
    const seen = start(NONCE, [account.address, 'pending'], { signal: controller.signal })
    await clock.settle()
    controller.abort('enough')
    await clock.settle()
    expect(seen.ended).toEqual({ at: 0, error: 'enough' })
  })
})

describe('private providers', () => {
  const providers = [{}, { isPrivate: true }]

  test('error: given up while the others are asked', async () => {
    const { clock, channel, start, asked } = await setUp({ providers })
    channel('p2').on(LOOK_UP).reply(null)
    channel('p1').on(LOOK_UP).hang()
    const controller = new AbortController()
    const seen = start(LOOK_UP, [hash], { signal: controller.signal })
    await clock.settle()
    expect(asked(LOOK_UP)).toEqual([1, 1])
    controller.abort('enough')
    await clock.settle()
    expect(seen.ended).toEqual({ at: 0, error: 'enough' })
  })

  test('behavior: a hash that only they can tell is kept to them, however it is written', async () => {
    const { request, channel, asked } = await setUp({ providers, options: { hasOwnSerializer: true } })
    channel('p2').on(SEND).reply(other.toUpperCase())
    channel('p2').on('eth_sendRawTransactionSync').reply({ transactionHash: other })
    await request(SEND, [raw])
    expect(await request('eth_sendRawTransactionSync', [raw])).toEqual({ transactionHash: other })
    await request(LOOK_UP, [hash])
    await request(LOOK_UP, [other.toUpperCase()])
    await request(LOOK_UP, [other])
    expect(asked(LOOK_UP)).toEqual([0, 3])
  })

  test('behavior: where there are none, the hash that an answer tells is nobody’s own', async () => {
    const { request, asked } = await setUp({ options: { hasOwnSerializer: true } })
    expect(await request(LOOK_UP, [hash])).toEqual({ hash })
    expect(asked(LOOK_UP)).toEqual([1, 0])
  })

  test('behavior: the newest 1000 hashes are kept to them', async () => {
    const { clock, request, asked } = await setUp({ providers })
    const list = Array.from({ length: 1_000 }, (_, count) => concatHex(['0x02', toRlp([numberToHex(count)])]))
    for (const bytes of list) await request(SEND, [bytes])
    // Sent once more it takes no other one's place.
    await request(SEND, [list[500]])
    await clock.advance(60_000)
    await request(LOOK_UP, [hash])
    expect(asked(LOOK_UP)).toEqual([1, 0])
    for (const bytes of [list[0], list[999]]) await request(LOOK_UP, [keccak256(bytes as Hex)])
    expect(asked(LOOK_UP)).toEqual([1, 2])
  })
})
