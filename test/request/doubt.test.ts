// An answer in doubt while the provider that may know better has no room. Manual clock, scripted nodes.

import { describe, expect, test } from 'vitest'
import { createTestEngine } from '../support/engine'
import { rpcError } from '../support/errors'

const BALANCE = 'eth_getBalance'
const TRANSACTION = 'eth_getTransactionByHash'
const HASH = `0x${'ab'.repeat(32)}`

/** p1 is 10 blocks behind and lacks the transaction; p2 has it, and takes one call at a time. */
async function setUp() {
  const t = createTestEngine({ providers: [{}, { limits: { concurrency: 1 } }], options: { consistency: 'head' } })
  t.channel('p1').on('eth_blockNumber').reply('0x5a')
  t.channel('p1').on(TRANSACTION).reply(null)
  t.channel('p2').on('eth_blockNumber').reply('0x64')
  t.channel('p2').on(TRANSACTION).reply({ hash: HASH, blockNumber: '0x5f' })
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
    expect(request.ended).toEqual({ at: 3_000, value: { hash: HASH, blockNumber: '0x5f' } })
    expect([t.eventsOf('dispute'), t.clock.pending.after]).toEqual([[], 0])
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
