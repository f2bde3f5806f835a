// What a refused send comes to: in all the same, unclear, or refused; one after another and to all. Manual clock, scripted providers.

import { keccak256, numberToHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import type { TestEngine } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { httpError, networkError, rpcError } from '../../support/errors'

const SEND = 'eth_sendRawTransaction'
const SYNC = 'eth_sendRawTransactionSync'
const FIND = 'eth_getTransactionReceipt'
const LOOK_UP = 'eth_getTransactionByHash'

const account = privateKeyToAccount(keccak256('0x01'))
const raw = await account.signTransaction({ chainId: 1, gas: 21_000n, gasPrice: 1n, to: account.address })
const hash = keccak256(raw)
const other = numberToHex(1, { size: 32 })
const known = rpcError(-32000, 'already known')
const taken = rpcError(-32000, 'nonce too low')
const rejected = rpcError(-32000, 'insufficient funds')

const countsOf = ({ channel }: TestEngine, method: string) => ['p1', 'p2'].map((id) => channel(id).count(method))

/** Starts it, gives it up once all is quiet, and tells how it ended. */
async function giveUp({ clock, start }: TestEngine, reason: unknown) {
  const controller = new AbortController()
  const seen = start(SEND, [raw], { signal: controller.signal })
  await clock.settle()
  controller.abort(reason)
  await clock.settle()
  return seen.ended
}

describe('what is told of a send that was refused and is in all the same', () => {
  test.each([
    ['already known', known, 2],
    ['a nonce that is taken, by itself', taken, 3],
  ])('behavior: %s: who said so, and all attempts', async (_, refusal, attempts) => {
    const t = createTestEngine()
    t.channel('p1').on(SEND).fail(httpError(503))
    t.channel('p2').on(SEND).fail(refusal).on(LOOK_UP).reply({ hash })
    expect(await t.request(SEND, [raw])).toBe(hash)
    expect(t.eventsOf('request')).toMatchObject([{ outcome: 'success', provider: 'p2', channel: 'http', attempts }])
    expect(t.eventsOf('attempt')).toHaveLength(attempts)
  })

  test('behavior: offered to all: whoever had it', async () => {
    const t = createTestEngine({ options: { broadcast: 'all' } })
    t.channel('p1').on(SEND).fail(known)
    t.channel('p2').on(SEND).hang()
    expect(await t.request(SEND, [raw])).toBe(hash)
    expect(t.eventsOf('request')).toMatchObject([{ outcome: 'success', provider: 'p1', attempts: 1 }])
  })

  test('error: a refusal tells of all attempts too', async () => {
    const t = createTestEngine()
    t.channel('p1').on(SEND).fail(httpError(503))
    t.channel('p2').on(SEND).fail(rejected)
    await expect(t.request(SEND, [raw])).rejects.toMatchObject({ details: 'insufficient funds' })
    expect(t.eventsOf('request')).toMatchObject([{ outcome: 'error', attempts: 2 }])
  })
})

describe('a nonce that is taken', () => {
  test('error: by another transaction, which is what they tell of when asked for the hash', async () => {
    const t = createTestEngine()
    t.channel('p1').on(SEND).fail(taken)
    for (const id of ['p1', 'p2']) t.channel(id).on(LOOK_UP).reply({ hash: other })
    await expect(t.request(SEND, [raw])).rejects.toMatchObject({ details: 'nonce too low', transactionHash: hash })
    const asked = ['p1', 'p2'].flatMap((id) => t.channel(id).calls).filter(({ method }) => method === LOOK_UP)
    expect(asked.map(({ params }) => params)).toEqual([[hash], [hash]])
  })

  test('error: who was named for the send is the only one that is asked', async () => {
    const t = createTestEngine()
    t.channel('p1').on(SEND).fail(taken).on(LOOK_UP).reply(null)
    t.channel('p2').on(LOOK_UP).reply({ hash })
    await expect(t.request(SEND, [raw], { provider: 'p1' })).rejects.toMatchObject({ details: 'nonce too low' })
    expect(countsOf(t, LOOK_UP)).toEqual([1, 0])
  })

  test('error: a private provider says so and cannot look: nobody else is told of the hash', async () => {
    const t = createTestEngine({ providers: [{}, { isPrivate: true }], options: { rounds: 1 } })
    t.channel('p2').on(SEND).fail(taken).on(LOOK_UP).fail(httpError(503))
    await expect(t.request(SEND, [raw])).rejects.toMatchObject({ details: 'nonce too low' })
    expect(countsOf(t, LOOK_UP)).toEqual([0, 1])
  })

  test('error: given up while it is looked for', async () => {
    const t = createTestEngine()
    t.channel('p1').on(SEND).fail(taken).on(LOOK_UP).hang()
    expect(await giveUp(t, 'enough')).toEqual({ at: 0, error: 'enough' })
  })
})

describe(SYNC, () => {
  test('behavior: an answer that was lost: the receipt is looked for', async () => {
    const t = createTestEngine({ providers: 1, options: { rounds: 1 } })
    const receipt = { transactionHash: hash }
    t.channel('p1').on(SYNC).fail(networkError('ECONNRESET')).on(FIND).once.reply(null).on(FIND).reply(receipt)
    const seen = t.start(SYNC, [raw])
    await t.clock.advance(250)
    expect(seen.ended).toEqual({ at: 250, value: receipt })
  })

  test('error: refused by those that know the method: nothing is looked for', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').on(SYNC).fail(rejected)
    await expect(t.request(SYNC, [raw])).rejects.toMatchObject({ mayHaveBeenSent: false })
    expect(t.channel('p1').count(FIND)).toBe(0)
  })
})

describe('broadcast to all', () => {
  const options = { broadcast: 'all' as const, rounds: 1 }

  test('behavior: nobody took it, and nobody said why: one after another', async () => {
    const t = createTestEngine({ options })
    for (const id of ['p1', 'p2']) t.channel(id).on(SEND).once.fail(httpError(503)).on(SEND).reply(hash)
    expect(await t.request(SEND, [raw])).toBe(hash)
    expect(countsOf(t, SEND)).toEqual([2, 1])
  })

  test('error: once the time is over nobody is asked again', async () => {
    const t = createTestEngine({ options: { ...options, timeout: 1_000 } })
    for (const id of ['p1', 'p2']) t.channel(id).on(SEND).hang()
    const seen = t.start(SEND, [raw])
    await t.clock.advance(1_500)
    expect(seen.ended).toMatchObject({ at: 1_000, error: { mayHaveBeenSent: true, transactionHash: hash } })
    expect(countsOf(t, SEND)).toEqual([1, 1])
  })

  test('error: one that spoke is heard, who is down is not waited for, who is walled off is not told of', async () => {
    const walled = { ...options, methods: { [SEND]: { providers: ['p1', 'p2', 'p3'] } } }
    const t = createTestEngine({ providers: 4, options: walled })
    t.channel('p1').on(SEND).fail(networkError('ECONNRESET'))
    t.channel('p2').on(SEND).fail(rejected)
    t.breaker('p3').open(0, 60_000)
    const seen = t.start(SEND, [raw])
    await t.clock.settle()
    expect(seen.ended?.error).toMatchObject({ details: rejected.details, mayHaveBeenSent: true })
    expect(seen.ended?.error.attempts.map(({ provider }: { provider: string }) => provider)).toEqual(['p1', 'p2'])
    expect(countsOf(t, SEND)).toEqual([1, 1])
  })

  test('behavior: one that knows it is better news than one that refuses it, and is asked for the receipt', async () => {
    const t = createTestEngine({ options })
    t.channel('p1').on(SYNC).fail(rejected)
    t.channel('p2').on(SYNC).fail(known)
    for (const id of ['p1', 'p2']) t.channel(id).on(FIND).reply({ transactionHash: hash })
    expect(await t.request(SYNC, [raw])).toEqual({ transactionHash: hash })
    expect(countsOf(t, FIND)).toEqual([0, 1])
  })

  test('error: where no hash is computed, nobody who knows it can say that it is in', async () => {
    const t = createTestEngine({ options: { ...options, hasOwnSerializer: true } })
    for (const id of ['p1', 'p2']) t.channel(id).on(SEND).fail(known)
    await expect(t.request(SEND, [raw])).rejects.toMatchObject({ details: 'already known' })
  })

  test('error: all are excluded', async () => {
    const t = createTestEngine({ options })
    const error: any = await t.request(SEND, [raw], { exclude: ['p1', 'p2'] }).catch((thrown: unknown) => thrown)
    expect(error.name).toBe('NoProviderError')
    expect(error.reasons.map(({ reason }: { reason: string }) => reason)).toEqual(['is excluded', 'is excluded'])
  })

  test('error: given up, for no reason', async () => {
    const t = createTestEngine({ options })
    for (const id of ['p1', 'p2']) t.channel(id).on(SEND).hang()
    expect(await giveUp(t, null)).toEqual({ at: 0, error: null })
  })
})
