// Methods that a provider does not know, while another one is down: whoever asks for one is told so soon, and as by a node. viem
// asks for `eth_fillTransaction` before each send of a client until it is told.

import { expect, test } from 'vitest'
import type { TestEngine } from '../../support/engine'
import { createTestEngine } from '../../support/engine'
import { networkError, rpcError } from '../../support/errors'

const METHOD = 'eth_fillTransaction'
const unknown = () => rpcError(-32601, 'Method not found')

/** What it ends with, and after which time. */
async function ask(t: TestEngine) {
  const startedAt = t.clock.now()
  const request = t.start(METHOD, [{}])
  await t.clock.advance(20_000)
  const { at = NaN, value, error } = request.ended ?? {}
  return { after: at - startedAt, value, code: error?.code }
}

test('given p1 is dead and p2 does not know it, then -32601 within four rounds, and after one more try once p1 is known to be dead', async () => {
  const t = createTestEngine()
  t.channel('p1').fail(networkError())
  t.channel('p2').fail(unknown())
  const first = await ask(t)
  expect(first.code).toBe(-32601)
  expect(first.after).toBeLessThanOrEqual(150 + 300 + 600)
  for (let count = 0; count < 5; count++) await ask(t)
  const tries = t.channel('p1').calls.length
  expect(t.state('p1')).toBe('open')
  expect(await ask(t)).toEqual({ after: 75, value: undefined, code: -32601 })
  expect(t.channel('p1').calls.length).toBe(tries + 1)
})

test('given p1 is back, though its breaker does not know, then it serves', async () => {
  const t = createTestEngine()
  t.channel('p1').fail(networkError())
  t.channel('p2').fail(unknown())
  for (let count = 0; count < 5; count++) await ask(t)
  t.channel('p1').reply('filled')
  expect(t.state('p1')).not.toBe('closed')
  expect(await ask(t)).toMatchObject({ value: 'filled' })
})

test('given p1 has served it before, then it is waited for', async () => {
  const t = createTestEngine({ providers: [{ breaker: { failures: 1, openFor: 3_000 } }, {}] })
  t.channel('p1').on(METHOD).once.reply('filled')
  t.channel('p2').fail(unknown())
  expect(await ask(t)).toMatchObject({ value: 'filled' })
  t.channel('p1').on(METHOD).once.fail(networkError())
  t.channel('p1').on(METHOD).once.fail(networkError())
  t.channel('p1').on(METHOD).reply('filled again')
  expect(await ask(t)).toMatchObject({ value: 'filled again' })
  // It is known to, so that the other one is left alone.
  const asked = t.channel('p2').count(METHOD)
  expect(await ask(t)).toMatchObject({ value: 'filled again', after: 0 })
  expect(t.channel('p2').count(METHOD)).toBe(asked)
})

test('given p1 is declared to serve it, then it is waited for', async () => {
  const t = createTestEngine({ providers: [{ capabilities: { methods: { include: ['eth_*'] } } }, {}] })
  t.channel('p1').fail(networkError())
  t.channel('p2').fail(unknown())
  const request = t.start(METHOD, [{}])
  await t.clock.advance(5_000)
  t.channel('p1').reply('filled')
  await t.clock.advance(5_000)
  expect(request.ended?.value).toBe('filled')
})

test('given p1 was never asked for it, then p2, who does not know it, is asked after it, until p1 has served it', async () => {
  const t = createTestEngine()
  t.channel('p1').once.fail(networkError())
  t.channel('p2').fail(unknown())
  t.channel('p1').reply('filled')
  const order = () => t.eventsOf('attempt').map(({ provider }) => provider)
  expect(await ask(t)).toMatchObject({ value: 'filled' })
  expect(order()).toEqual(['p1', 'p2', 'p1'])
  t.channel('p1').once.fail(networkError())
  expect(await ask(t)).toMatchObject({ value: 'filled' })
  expect(order()).toEqual(['p1', 'p2', 'p1', 'p1', 'p1'])
})

test('given p2 did not know it for a moment, and p1, which serves it, is gone, then p2 is asked after all', async () => {
  const t = createTestEngine()
  t.channel('p2').on(METHOD).once.fail(unknown())
  t.channel('p2').on(METHOD).reply('filled by p2')
  await t.request(METHOD, [{}], { provider: 'p2' }).catch(() => {})
  t.channel('p1').on(METHOD).once.reply('filled')
  expect(await ask(t)).toMatchObject({ value: 'filled' })
  t.channel('p1').fail(networkError())
  // While p1 may be asked, p2 is left out; from the moment that its breaker is open it is not.
  expect(await ask(t)).toMatchObject({ value: 'filled by p2' })
  expect(await ask(t)).toMatchObject({ value: 'filled by p2', after: 0 })
})

test('given p1 did not know it for a moment, and p2, which serves it, does not let us in, then p1 is asked after all, once', async () => {
  const t = createTestEngine()
  t.channel('p1').on(METHOD).once.fail(unknown())
  t.channel('p2').on(METHOD).once.reply('filled')
  expect(await ask(t)).toMatchObject({ value: 'filled' })
  t.channel('p1').reply('filled by p1')
  t.channel('p2').fail(rpcError(-32600, 'Must be authenticated!'))
  expect(await ask(t)).toMatchObject({ value: 'filled by p1', after: 0 })
  t.channel('p1').fail(unknown())
  expect(await ask(t)).toMatchObject({ value: undefined, after: 0 })
  expect([t.channel('p1').count(METHOD), t.channel('p2').count(METHOD)]).toEqual([3, 3])
})

test('behavior: given p1, which did not know it, cannot be reached when p2 knows it no more, then p1 is asked once more', async () => {
  const t = createTestEngine()
  t.channel('p1').on(METHOD).once.fail(unknown())
  t.channel('p2').on(METHOD).once.reply('filled')
  expect(await ask(t)).toMatchObject({ value: 'filled' })
  t.channel('p2').fail(unknown())
  t.channel('p1').on(METHOD).once.fail(networkError()).reply('filled by p1')
  expect(await ask(t)).toMatchObject({ value: 'filled by p1', after: 150 })
})

test('behavior: given a strategy that leaves out p2, which serves it, then p1, which does not know it, stays left out too', async () => {
  const t = createTestEngine({ providers: 3 })
  t.channel('p1').fail(unknown())
  await ask(t)
  t.channel('p3').fail(networkError())
  const request = t.start(METHOD, [{}], {
    timeout: 1_000,
    strategy: (candidates) => candidates.filter(({ provider }) => provider !== 'p2'),
  })
  await t.clock.advance(2_000)
  expect(request.ended?.error?.name).toBe('AllProvidersFailedError')
  expect(t.channel('p1').count()).toBe(1)
})

test('given p2 does not know it, and an answer of p1 is held back, then p2 is not asked for it: it once held that up until the deadline', async () => {
  const t = createTestEngine({ options: { consistency: 'head' } })
  const method = 'eth_getBlockByNumber'
  const read = async (params: readonly unknown[], provider?: string) => {
    const request = t.start(method, params, { provider })
    await t.clock.advance(15_000)
    return request.ended
  }
  for (const id of ['p1', 'p2']) t.channel(id).on('eth_blockNumber').reply('0x64')
  t.channel('p2').on(method).once.fail(unknown())
  t.channel('p1').on(method).once.reply({ number: '0x10' })
  expect(await read(['0x10', false], 'p2')).toMatchObject({ error: { code: -32601 } })
  expect(await read(['0x10', false])).toMatchObject({ value: { number: '0x10' } })
  t.start('eth_blockNumber', [])
  await t.clock.advance(1_000)
  t.channel('p1').on(method).reply(null)
  t.channel('p2').on(method).hang()
  const startedAt = t.clock.now()
  const { value, at = NaN } = (await read(['0x64', false])) ?? {}
  expect([value, at - startedAt, t.channel('p2').count(method)]).toEqual([null, 100 + 200 + 400, 1])
})
