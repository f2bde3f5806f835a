// Edges found in review, each with its story.

import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { createTestEngine } from '../support/engine'
import { httpError, networkError, rpcError } from '../support/errors'

describe('edges', () => {
  test('a probe that was answered with a revert is followed by an eth_blockNumber, so that a channel that is well is used again', async () => {
    const t = createTestEngine()
    t.channel('p1').fail(httpError(503))
    for (let call = 0; call < 5; call++) await t.request('eth_call', [call])
    expect(t.state('p1')).toBe('open')
    const revert = rpcError(3, 'execution reverted', '0x08c379a0')
    t.channel('p1').fail(revert).on('eth_blockNumber').reply('0x1')
    t.channel('p2').fail(revert)
    await t.clock.advance(2_200)
    for (let call = 10; call < 13; call++) await t.request('eth_call', [call]).catch(() => {})
    await t.clock.settle()
    expect(t.channel('p1').count('eth_blockNumber')).toBe(1)
    expect(t.state('p1')).toBe('closed')
  })

  test('an error with its attempts is JSON, also where one of them is the error itself', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').fail(rpcError(3, 'execution reverted', '0x'))
    const error = await t.request('eth_call', []).catch((thrown: unknown) => thrown as { attempts: unknown[] })
    expect((error as { attempts: unknown[] }).attempts).toHaveLength(1)
    expect(() => JSON.stringify(error)).not.toThrow()
  })

  test('the legs of a broadcast end with the first answer: a provider that is down is asked once, not until the deadline', async () => {
    const t = createTestEngine({ options: { broadcast: 'all' } })
    t.channel('p1').fail(httpError(503))
    t.channel('p2').reply(`0x${'33'.repeat(32)}`)
    await t.request('eth_sendRawTransaction', ['0x02c0'])
    await t.clock.advance(9_000)
    expect(t.channel('p1').count('eth_sendRawTransaction')).toBe(1)
  })

  test('a broadcast that nobody took goes on one after another, for as long as there is time', async () => {
    const t = createTestEngine({ options: { broadcast: 'all' } })
    t.channel('p1').fail(networkError())
    t.channel('p2')
      .once.fail(networkError())
      .reply(`0x${'33'.repeat(32)}`)
    const sent = t.start('eth_sendRawTransaction', ['0x02c0'])
    await t.clock.advance(1_000)
    expect(sent.ended?.value).toBe(`0x${'33'.repeat(32)}`)
  })

  test('a raw send that is on its way when the engine closes is told of once', async () => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').hang()
    const sent = t.start('eth_sendRawTransaction', ['0x02c0'])
    await t.clock.settle()
    t.engine.close()
    await t.clock.settle()
    expect(sent.ended?.error.name).toBe('TransportClosedError')
    expect(t.eventsOf('request')).toMatchObject([{ method: 'eth_sendRawTransaction', outcome: 'aborted' }])
  })

  test('an eth_chainId that is not known yet is asked once: the check is the answer', async () => {
    const t = createTestEngine({ options: { chainId: 1, verifyChain: true } })
    t.channel('p1').on('eth_chainId').reply('0x1')
    expect(await t.request('eth_chainId')).toBe('0x1')
    expect(t.channel('p1').count('eth_chainId')).toBe(1)
  })

  test.each([
    ['abort', 'close'],
    ['close', 'abort'],
  ])('given %s and then %s between two looks, then the first of them is what ended the request', async (...order) => {
    const t = createTestEngine({ providers: 1 })
    t.channel('p1').fail(rpcError(-32000, 'already known')).on('eth_getTransactionReceipt').reply(null)
    const controller = new AbortController()
    const sent = t.start('eth_sendRawTransactionSync', ['0x02c180'], { signal: controller.signal })
    await t.clock.settle()
    for (const what of order) what === 'close' ? t.engine.close() : controller.abort(new Error('enough'))
    await t.clock.settle()
    const name = order[0] === 'close' ? 'TransportClosedError' : 'Error'
    expect(sent.ended?.error.name).toBe(name)
    expect(t.eventsOf('request')).toMatchObject([{ outcome: 'aborted', error: { name } }])
    expect([getEventListeners(controller.signal, 'abort').length, t.clock.pending.total]).toEqual([0, 0])
  })

  // What no text can be made of: without a prototype, as GraphQL gives arguments, or with a field that stands in the way.
  test.each<[method: string, params: (odd: object) => unknown[]]>([
    ['eth_getBlockByNumber', (odd) => [odd, false]],
    ['eth_getBlockByHash', (odd) => [odd]],
    ['eth_getLogs', (odd) => [odd]],
    ['eth_getLogs', (odd) => [{ blockHash: odd }]],
    ['eth_getLogs', (odd) => [{ fromBlock: '0x1', toBlock: '0x2', address: [odd, odd] }]],
    ['eth_getTransactionReceipt', (odd) => [odd]],
    ['eth_getTransactionCount', (odd) => [odd, 'pending']],
    ['eth_sendRawTransactionSync', (odd) => ['0x02c180', odd]],
  ])('the params of an %s may be anything: the provider has its say', async (method, paramsOf) => {
    for (const odd of [Object.create(null), { toString: null }]) {
      const t = createTestEngine({ providers: [{ capabilities: { logs: { maxBlockRange: 10 } } }] })
      t.channel('p1').reply({ number: '0x10' })
      const params = paramsOf(odd)
      expect(await t.request(method, params)).toEqual({ number: '0x10' })
      expect(t.channel('p1').calls).toMatchObject([{ method, params }])
      t.channel('p1').fail(rpcError(-32005, 'block range is too wide'))
      await expect(t.request(method, params)).rejects.toMatchObject({ attempts: [{ provider: 'p1' }] })
    }
  })

  test('a filter whose id may be anything is not found', async () => {
    const t = createTestEngine()
    const found = t.request('eth_getFilterChanges', [{ toString: null }])
    await expect(found).rejects.toMatchObject({ name: 'InvalidInputRpcError', details: 'filter not found' })
  })
})
