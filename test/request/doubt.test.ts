// An answer in doubt: which other providers are asked, and whether they are waited for. Manual clock, scripted nodes.

import { describe, expect, test } from 'vitest'
import { createTestEngine } from '../support/engine'
import { rpcError } from '../support/errors'

const BALANCE = 'eth_getBalance'
const TRANSACTION = 'eth_getTransactionByHash'
const HASH = `0x${'ab'.repeat(32)}`
const FOUND = { hash: HASH, blockNumber: '0x5f' }

/** p1 is 10 blocks behind and lacks the transaction; p2 has it, and takes one call at a time. */
async function setUp() {
  const t = createTestEngine({ providers: [{}, { limits: { concurrency: 1 } }], options: { consistency: 'head' } })
  t.channel('p1').on('eth_blockNumber').reply('0x5a')
  t.channel('p1').on(TRANSACTION).reply(null)
  t.channel('p2').on('eth_blockNumber').reply('0x64')
  t.channel('p2').on(TRANSACTION).reply(FOUND)
  for (const provider of ['p1', 'p2']) await t.request('eth_blockNumber', [], { provider })
  return t
}

describe('the provider that may know better has no room', () => {
  test('behavior: it is waited for, and its answer is given', async () => {
    const t = await setUp()
    t.channel('p2').on(BALANCE).reply('0x1', { after: 3_000 })
    t.start(BALANCE, [HASH, 'earliest'], { provider: 'p2' })
    const request = t.start(TRANSACTION, [HASH])
    await t.clock.advance(2_999)
    expect([request.ended, t.channel('p1').count(TRANSACTION)]).toEqual([undefined, 4])
    await t.clock.advance(1)
    expect(request.ended).toEqual({ at: 3_000, value: FOUND })
    expect([t.eventsOf('dispute'), t.clock.pending.after]).toEqual([[], 0])
  })

  test('behavior: all slots of its socket are taken: it is asked, and waits for one there', async () => {
    const t = createTestEngine({ providers: [{}, { channels: ['ws'] }], options: { consistency: 'head' } })
    t.channel('p1').on('eth_blockNumber').reply('0x5a')
    t.channel('p1').on(TRANSACTION).reply(null)
    t.channel('p2').on('eth_blockNumber').reply('0x64')
    t.channel('p2').on(TRANSACTION).reply(FOUND, { after: 2_000 })
    for (const provider of ['p1', 'p2']) await t.request('eth_blockNumber', [], { provider })
    Object.assign(t.channel('p2'), { load: () => 1 })
    const request = t.start(TRANSACTION, [HASH])
    await t.clock.advance(3_000)
    expect([request.ended?.value, t.channel('p2').count(TRANSACTION)]).toEqual([FOUND, 1])
  })

  test('behavior: at the deadline the honest answer is given, with a dispute', async () => {
    const t = await setUp()
    t.channel('p2').on(BALANCE).hang()
    t.start(BALANCE, [HASH, 'earliest'], { provider: 'p2', timeout: 60_000 })
    const request = t.start(TRANSACTION, [HASH], { timeout: 5_000 })
    await t.clock.advance(5_000)
    expect(request.ended?.value).toBeNull()
    expect(t.eventsOf('dispute')).toMatchObject([{ method: TRANSACTION, provider: 'p1' }])
  })

  test('behavior: one that cools is not waited for', async () => {
    const t = await setUp()
    t.channel('p2').on(BALANCE).once.fail(rpcError(-32005, 'rate limit exceeded, try again in 4s'))
    await t.request(BALANCE, [HASH, 'earliest'], { provider: 'p2', timeout: 1_000 }).catch(() => {})
    const start = t.clock.now()
    const request = t.start(TRANSACTION, [HASH])
    await t.clock.advance(1_000)
    expect([request.ended?.value, request.ended && request.ended.at - start <= 700]).toEqual([null, true])
  })
})

test('behavior: one that has shown a lower head since the request started is not asked', async () => {
  const t = await setUp()
  t.channel('p1').on(TRANSACTION).reply(null, { after: 50 })
  const request = t.start(TRANSACTION, [HASH])
  t.channel('p2').on('eth_blockNumber').reply('0x50')
  await t.clock.advance(10)
  await t.request('eth_blockNumber', [], { provider: 'p2' })
  await t.clock.advance(1_500)
  expect([request.ended?.value, t.channel('p2').count(TRANSACTION)]).toEqual([null, 0])
})

test('behavior: one that has only shown an older block since the request started is asked', async () => {
  const t = createTestEngine({ options: { consistency: 'head' } })
  t.channel('p1').on('eth_blockNumber').reply('0x5a')
  t.channel('p1').on(TRANSACTION).reply(null, { after: 50 })
  t.channel('p2').on('eth_blockNumber').reply('0x50')
  t.channel('p2').on('eth_getBlockByNumber').reply({ hash: HASH, number: '0x5c' })
  t.channel('p2').on(TRANSACTION).reply(FOUND)
  for (const provider of ['p1', 'p2']) await t.request('eth_blockNumber', [], { provider })
  await t.clock.advance(35_000)
  t.channel('p2').on('eth_blockNumber').hang()
  for (const head of ['0x64', '0x63']) {
    t.channel('p1').on('eth_blockNumber').reply(head)
    await t.request('eth_blockNumber', [], { provider: 'p1' })
  }
  const request = t.start(TRANSACTION, [HASH])
  await t.clock.advance(10)
  await t.request('eth_getBlockByNumber', ['0x5c', false], { provider: 'p2' })
  await t.clock.advance(1_500)
  expect(request.ended?.value).toEqual(FOUND)
})

test('behavior: one that may have caught up since it showed a lower head is asked', async () => {
  const t = await setUp()
  t.channel('p1').on(TRANSACTION).reply(null, { after: 300 })
  t.channel('p2').on('eth_blockNumber').reply('0x63')
  const request = t.start(TRANSACTION, [HASH])
  await t.clock.advance(10)
  await t.request('eth_blockNumber', [], { provider: 'p2' })
  await t.clock.advance(1_500)
  expect(request.ended?.value).toEqual(FOUND)
})
