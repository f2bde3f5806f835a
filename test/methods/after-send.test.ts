// What is remembered of sends and of refused state, how long, and how long a send may take. Manual clock, scripted providers.

import { keccak256 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { createTestEngine } from '../support/engine'
import { httpError, rpcError } from '../support/errors'

const SEND = 'eth_sendRawTransaction'
const SYNC = 'eth_sendRawTransactionSync'
const NONCE = 'eth_getTransactionCount'
const LOOK_UP = 'eth_getTransactionByHash'
const STATE = 'eth_getBalance'

const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
const raw = await account.signTransaction({ chainId: 1, nonce: 6, gas: 21_000n, gasPrice: 1n, to: account.address })
const hash = keccak256(raw)

/** Two providers, of which the second took the transaction. */
async function setUp() {
  const t = createTestEngine({ providers: 2, options: { consistency: 'head' } })
  t.channel('p1').on(SEND).fail(httpError(503))
  t.channel('p2').on(SEND).reply(hash)
  for (const id of ['p1', 'p2']) {
    t.channel(id).on(NONCE).reply('0x2')
    t.channel(id).on(LOOK_UP).reply({ hash })
    t.channel(id).on('eth_blockNumber').reply('0x3e8')
    t.channel(id).on('evm_revert').reply(true)
  }
  await t.request('eth_blockNumber')
  expect(await t.request(SEND, [raw])).toBe(hash)
  const nonce = () => t.request(NONCE, [account.address, 'pending'])
  return { ...t, nonce, asked: (method: string) => ['p1', 'p2'].map((id) => t.channel(id).count(method)) }
}

describe('after a send', () => {
  test('for one minute, who took it is asked first for its nonce and hash, unhedged', async () => {
    const { clock, channel, start, nonce, asked } = await setUp()
    expect([await nonce(), asked(NONCE)]).toEqual(['0x7', [0, 1]])
    channel('p2').on(LOOK_UP).hang()
    start(LOOK_UP, [hash])
    await clock.advance(5_000)
    expect(asked(LOOK_UP)).toEqual([0, 2])
    channel('p2').on(LOOK_UP).reply({ hash })
    await clock.advance(55_000)
    expect([await nonce(), asked(NONCE)]).toEqual(['0x2', [1, 1]])
  })

  test('a chain that was taken back has no nonces of it', async () => {
    const { request, nonce } = await setUp()
    await request('evm_revert', ['0x1'])
    expect(await nonce()).toBe('0x2')
  })
})

test('a chain that was taken back: what was learned of its state is forgotten', async () => {
  const { channel, request, status, asked } = await setUp()
  channel('p1').on(STATE).once.fail(rpcError(-32000, 'missing trie node 00 (path )'))
  await request(STATE, [account.address, '0x64'])
  const learned = () => status().providers[0]?.capabilities.learned.stateFrom
  expect(learned()).toBeGreaterThan(100)
  await request('evm_revert', ['0x1'])
  expect(learned()).toBeUndefined()
  await request(STATE, [account.address, '0x64'])
  expect(asked(STATE)).toEqual([2, 1])
})

describe(SYNC, () => {
  test.each([
    [undefined, 1_000, 1_000],
    [20_000, 1_000, 25_000],
    [20_000, 60_000, 60_000],
  ])('with %s ms for the node and a timeout of %i ms, then it has %i ms', async (ofNode, timeout, limit) => {
    const { clock, channel, start } = createTestEngine({ providers: 1, options: { timeout } })
    channel('p1').on(SYNC).hang()
    const seen = start(SYNC, ofNode === undefined ? [raw] : [raw, ofNode])
    await clock.advance(limit - 1)
    expect(seen.ended).toBeUndefined()
    await clock.advance(2)
    expect(seen.ended?.error).toMatchObject({ mayHaveBeenSent: true, transactionHash: hash })
  })
})
