// Identical reads in flight, through whole requests: which ones share a call, and whose deadline holds.

import { describe, expect, test } from 'vitest'
import { createTestEngine } from '../support/engine'
import { networkError } from '../support/errors'

const READ = 'eth_getBalance'

function create() {
  const t = createTestEngine({ options: { share: true } })
  t.channel('p1').reply('one', { after: 1_000 })
  t.channel('p2').hang()
  return t
}

describe('sharing', () => {
  test('given equal reads within 250 ms, then one call; later ones ask anew', async () => {
    const t = create()
    const first = t.start(READ, ['0xa', 'latest'], { timeout: 0 })
    t.start(READ, ['0xa', 'latest'])
    await t.clock.advance(249)
    t.start(READ, ['0xa', 'latest'])
    expect(t.channel('p1').count()).toBe(2)
    await t.clock.advance(1)
    t.start(READ, ['0xa', 'latest'])
    expect(t.channel('p1').count()).toBe(3)
    await t.clock.advance(1_000)
    expect(first.ended?.value).toBe('one')
    expect(t.eventsOf('request')).toHaveLength(4)
  })

  test.each([
    ['other params', ['0xb', 'latest'], READ],
    ['another method', ['0xa', 'latest'], 'eth_getCode'],
  ])('given %s, then a call of its own', async (_, params, method) => {
    const t = create()
    t.start(READ, ['0xa', 'latest'])
    t.start(method, params)
    expect(t.channel('p1').count()).toBe(2)
  })

  test.each(['eth_getTransactionCount', 'evm_mine', 'eth_accounts'])('given %s, then never', async (method) => {
    const t = create()
    t.start(method, ['0xa'])
    t.start(method, ['0xa'])
    expect(t.channel('p1').count()).toBe(2)
  })

  test('given params of more than 4 kB, then a call of its own', async () => {
    const t = create()
    for (const length of [4_000, 4_000, 4_100, 4_100]) t.start('eth_call', [{ data: 'f'.repeat(length) }])
    expect(t.channel('p1').count()).toBe(3)
  })

  test('given the same signal, then one call; given another or none, then its own', async () => {
    const t = create()
    const { signal } = new AbortController()
    t.start(READ, [], { signal })
    t.start(READ, [], { signal })
    expect(t.channel('p1').count()).toBe(1)
    t.start(READ, [], { signal: new AbortController().signal })
    t.start(READ, [])
    expect(t.channel('p1').count()).toBe(3)
  })

  test.each([
    ['a signal', { signal: new AbortController().signal }],
    ['a timeout of its own', { timeout: 3_000 }],
  ])('given an equal read with %s in between, then those without share one call all the same', async (_, own) => {
    const t = create()
    t.start(READ)
    t.start(READ, undefined, own)
    t.start(READ)
    expect(t.channel('p1').count()).toBe(2)
  })

  test('given an equal read of the library itself in between, then one call all the same', async () => {
    const t = create()
    t.start(READ)
    const request = { method: READ }
    const { signal } = new AbortController()
    void t.engine.request({ ...t.face, request, plan: { ...t.planner(request), isInner: true }, signal })
    t.start(READ)
    expect(t.channel('p1').count()).toBe(2)
  })

  test('given a send that ended in between, then what is asked after it is asked anew', async () => {
    const t = create()
    t.channel('p1').on('eth_sendRawTransaction').reply('0xhash')
    t.start(READ)
    await t.request('eth_sendRawTransaction', ['0x00'])
    t.start(READ)
    expect(t.channel('p1').count(READ)).toBe(2)
  })

  test('given a failed call, then all that share it get the error, and the next one asks anew', async () => {
    const t = createTestEngine({ providers: 1, options: { share: true, rounds: 1 } })
    t.channel('p1').once.fail(networkError(), { after: 5 }).reply('one')
    const requests = [t.start(READ), t.start(READ)]
    await t.clock.advance(5)
    expect(requests[0]?.ended?.error.name).toBe('AllProvidersFailedError')
    expect(requests[1]?.times).toBe(1)
    expect(await t.request(READ)).toBe('one')
  })

  test('given one that joined later, then its own deadline holds, not that of the first', async () => {
    const t = createTestEngine({ providers: 1, options: { share: true, timeout: 1_000 } })
    t.channel('p1').once.hang().reply('one', { after: 100 })
    const first = t.start(READ)
    await t.clock.advance(200)
    const second = t.start(READ)
    await t.clock.advance(2_000)
    expect(first.ended).toMatchObject({ at: 1_000, error: { name: 'AllProvidersFailedError' } })
    expect(second.ended).toEqual({ at: 1_100, value: 'one' })
    expect(t.eventsOf('request').at(-1)).toMatchObject({ id: 2, provider: 'p1', attempts: 1 })
    expect(t.eventsOf('attempt').at(-1)?.id).toBe(2)
  })

  test('given one that joined later, and whose own time is over too, then what it tried itself is told of it', async () => {
    const t = createTestEngine({ providers: 1, options: { share: true, timeout: 1_000 } })
    t.channel('p1').hang()
    t.start(READ)
    await t.clock.advance(200)
    t.start(READ)
    await t.clock.advance(2_000)
    expect(t.eventsOf('request')).toMatchObject([
      { id: 1, outcome: 'error', attempts: 1 },
      { id: 2, outcome: 'error', attempts: 1 },
    ])
  })

  test('share: false turns it off', async () => {
    const t = createTestEngine({ options: { share: false } })
    t.start(READ)
    t.start(READ)
    expect(t.channel('p1').count()).toBe(2)
  })

  test('behavior: given a provider that keeps only some state, then equal reads of old blocks share one call all the same', async () => {
    const t = createTestEngine({ providers: [{ capabilities: { archive: 128 } }], options: { share: true } })
    t.channel('p1').reply('one', { after: 10 })
    for (let call = 0; call < 5; call++) t.start('eth_call', [{ to: '0xa' }, '0x10'])
    expect(t.channel('p1').count()).toBe(1)
    await t.clock.advance(10)
  })

  test('behavior: given a shared call that fails before its time, then all get its error, and nobody asks again', async () => {
    const t = createTestEngine({ providers: 1, options: { share: true, rounds: 1 } })
    t.channel('p1').fail(networkError(), { after: 10 })
    const seen = Array.from({ length: 10 }, () => t.start(READ, ['0xa', 'latest']))
    await t.clock.advance(10)
    expect(seen.map(({ ended }) => ended?.error?.name)).toEqual(Array(10).fill('AllProvidersFailedError'))
    expect(t.channel('p1').count()).toBe(1)
  })
})
