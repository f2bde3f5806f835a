// What each member of a batch is answered, and what becomes of it when some are given up.

import { describe, expect, test } from 'vitest'
import type { Posted } from '../support/scripted-fetch'
import { answersOf } from '../support/scripted-fetch'
import { SECRET, setUpBatches, upTo, values } from './batches'

describe('answers', () => {
  test('125. given a batch with one failing item, then only that item fails', async () => {
    const t = setUpBatches()
    const error = { code: 3, message: 'execution reverted', data: '0x01' }
    t.server.reply = (post) => ({ body: answersOf(post, (asked) => (asked === 2 ? { error } : undefined)) })
    const asked = t.many(5, { method: 'eth_call' })
    await t.clock.advance(10)
    expect(values(asked)).toEqual([0, 1, undefined, 3, 4])
    expect(asked[2]?.seen.error).toMatchObject({ name: 'RpcRequestError', code: 3, data: '0x01', url: 'one' })
    expect(t.server.posts).toHaveLength(1)
  })

  test('125. given answers in any order, then each caller gets its own', async () => {
    const t = setUpBatches()
    t.server.reply = (post) => ({ body: (answersOf(post) as unknown[]).reverse() })
    const asked = t.many(30)
    await t.clock.advance(10)
    expect(values(asked)).toEqual(upTo(30))
  })

  test('given a batch that lacks a member, then that one is asked singly, at once', async () => {
    const t = setUpBatches()
    t.server.reply = (post) => {
      const body = answersOf(post)
      return { body: Array.isArray(body) ? body.slice(1) : body }
    }
    const asked = t.many(6)
    await t.clock.advance(20)
    expect([values(asked), t.shape(), t.refused]).toEqual([upTo(6), [6, 'single'], []])
    expect(asked.map(({ seen }) => seen.at)).toEqual([20, 10, 10, 10, 10, 10])
    expect(asked[0]?.seen.left).toEqual([asked[1]?.seen.left[0], undefined])
    expect(asked[0]?.seen.left[0]).toBeDefined()
  })

  test.each<[string, (post: Posted) => unknown, number]>([
    ['one error object', () => ({ id: null, error: { code: -32600, message: 'Batch requests are not supported' } }), 1],
    [
      'an error that names its limit',
      () => ({ error: { code: -32005, message: 'Batch size too large. Maximum is 5' } }),
      5,
    ],
    ['an object in place of an array', ({ requests }) => ({ id: requests[0]?.id, result: 'first' }), 1],
  ])('given %s, then all are asked singly, at once', async (_, refuse, most) => {
    const t = setUpBatches()
    t.server.reply = (post) => ({ body: post.isBatch ? refuse(post) : answersOf(post) })
    const asked = t.many(12)
    await t.clock.advance(20)
    expect([values(asked), t.shape()]).toEqual([upTo(12), [12, ...Array(12).fill('single')]])
    expect(t.refused).toEqual([most])
    expect(asked.every(({ seen }) => seen.at === 20)).toBe(true)
  })

  test('behavior: with a declared concurrency they have the next slots, before all that wait', async () => {
    const t = setUpBatches({ concurrency: 2 })
    t.server.reply = (post) => ({
      body: post.isBatch ? { error: { code: -32600, message: 'no batches' } } : answersOf(post),
    })
    const refused = t.many(5)
    await t.clock.advance(1)
    t.server.reply = (post) => ({ body: answersOf(post) })
    const late = t.many(25, {}, 100)
    await t.clock.advance(1_000)
    expect(t.server.peak).toBe(2)
    expect([values(refused), values(late)]).toEqual([upTo(5), upTo(25).map((index) => 100 + index)])
  })

  test('given a body over the size limit, then members are asked singly', async () => {
    const t = setUpBatches({}, { maxResponseBodySize: 500 })
    const asked = t.many(20)
    await t.clock.advance(20)
    expect([values(asked), t.shape().length, t.refused]).toEqual([upTo(20), 21, [10]])
  })

  test.each([
    ['429', { status: 429, body: 'slow down', headers: { 'retry-after': '2' } }, 429],
    ['503', { status: 503, body: '<html>down</html>' }, 503],
    [
      'a JSON-RPC rate limit',
      { body: { id: null, error: { code: -32005, message: 'rate limit exceeded' } } },
      undefined,
    ],
    ['a lost connection', new Error('socket hang up'), undefined],
  ])("behavior: %s is everybody's answer, each in an error of its own", async (_, reply, status) => {
    const t = setUpBatches()
    t.server.reply = () => reply
    const asked = ['eth_call', 'eth_getCode', 'eth_getBalance', 'eth_getProof', 'eth_getCode'].map((method, index) =>
      t.ask(index, { method }),
    )
    await t.clock.advance(10)
    const errors = asked.map(({ seen }) => seen.error)
    expect([new Set(errors).size, t.server.posts.length]).toEqual([5, 1])
    expect(errors.map(({ status }) => status)).toEqual(Array(5).fill(status))
    expect(errors.map(({ message }) => /eth_\w+/.exec(message)?.[0])).toEqual([
      'eth_call',
      'eth_getCode',
      'eth_getBalance',
      'eth_getProof',
      'eth_getCode',
    ])
    expect(errors.map(({ message }) => message).join()).not.toContain(SECRET)
    expect(t.channel.load?.()).toBe(0)
  })

  test.each([
    ['a revert, then batches leave again', { code: 3, message: 'execution reverted' }, [5]],
    [
      'what may be said to everybody, then none leaves',
      { code: -32603, message: 'Internal error' },
      Array(5).fill('single'),
    ],
  ])('behavior: after a batch was lost, given a single call is answered with %s', async (_, error, shape) => {
    const t = setUpBatches()
    t.server.reply = () => new Error('socket hang up')
    t.many(5)
    await t.clock.advance(10)
    t.server.reply = ({ requests }) => ({ body: { id: requests[0]?.id, error } })
    t.ask(5, { method: 'eth_call' })
    await t.clock.advance(10)
    t.server.reply = (post) => ({ body: answersOf(post) })
    const before = t.shape().length
    t.many(5)
    await t.clock.advance(10)
    expect(t.shape().slice(before)).toEqual(shape)
  })

  test('behavior: a member that has an error without a code is answered, whatever the status of the whole', async () => {
    const t = setUpBatches()
    t.server.reply = ({ requests }) => ({
      status: 500,
      body: requests.map(({ id }) => ({ id, error: { message: `no ${id}` } })),
    })
    const asked = t.many(5)
    await t.clock.advance(10)
    expect(asked.map(({ seen }) => seen.error)).toMatchObject(
      upTo(5).map((index) => ({ name: 'RpcRequestError', details: `no ${index + 1}`, status: 500 })),
    )
  })

  test("behavior: the provider's own rules say what an error for all means", async () => {
    const rules = [{ message: 'calm down', kind: 'rate-limit' as const }]
    const t = setUpBatches({ rules })
    t.server.reply = () => ({ body: { error: { code: -32000, message: 'calm down, please' } } })
    const asked = t.many(5)
    await t.clock.advance(10)
    expect([t.server.posts.length, asked[4]?.seen.error.code]).toEqual([1, -32000])
  })
})

describe('giving up', () => {
  test('behavior: one member gives up, the others get their answers', async () => {
    const t = setUpBatches()
    const asked = t.many(5)
    await t.clock.advance(5)
    asked[1]?.giveUp()
    await t.clock.advance(5)
    expect(values(asked)).toEqual([0, undefined, 2, 3, 4])
    expect([asked[1]?.seen.at, t.server.posts[0]?.isAborted]).toEqual([5, false])
  })

  test('behavior: the post is aborted when all have given up, and its slot is free', async () => {
    const t = setUpBatches({ concurrency: 1 })
    t.server.reply = (post) => (post.asked[0] === 0 ? 'hang' : { body: answersOf(post) })
    const asked = t.many(5)
    await t.clock.settle()
    const next = t.ask('next')
    for (const one of asked) one.giveUp()
    expect(t.server.posts[0]?.isAborted).toBe(true)
    await t.clock.advance(10)
    expect([next.seen.value, next.seen.at, t.channel.load?.()]).toEqual(['next', 10, 0])
  })

  test('behavior: one that waits is never sent', async () => {
    const t = setUpBatches({ concurrency: 1 })
    const first = t.ask('first')
    await t.clock.settle()
    const [waiting, other] = [t.ask('waiting'), t.ask('other')]
    waiting.giveUp()
    await t.clock.advance(100)
    expect(t.server.posts.map(({ asked }) => asked)).toEqual([['first'], ['other']])
    expect([first, waiting, other].map(({ seen }) => [seen.value, seen.at])).toEqual([
      ['first', 10],
      [undefined, 0],
      ['other', 20],
    ])
  })

  test('behavior: one that gives up in its own turn is never sent', async () => {
    const t = setUpBatches()
    const asked = t.many(6)
    asked[0]?.giveUp()
    await t.clock.advance(10)
    expect([t.server.posts[0]?.asked, asked[0]?.seen.value]).toEqual([[1, 2, 3, 4, 5], undefined])
  })

  test('behavior: a single one is aborted', async () => {
    const t = setUpBatches()
    const one = t.ask('one')
    await t.clock.settle()
    one.giveUp()
    await t.clock.settle()
    expect([t.server.posts[0]?.isAborted, t.channel.load?.(), one.seen.error.name]).toEqual([true, 0, 'AbortError'])
  })

  test('behavior: what a refused batch leaves over is not sent for those that gave up', async () => {
    const t = setUpBatches()
    t.server.reply = (post) => ({ body: post.isBatch ? { error: { code: -32600, message: 'no' } } : answersOf(post) })
    const asked = t.many(5)
    await t.clock.advance(5)
    asked[3]?.giveUp()
    await t.clock.advance(50)
    expect([values(asked), t.shape().length]).toEqual([[0, 1, 2, undefined, 4], 5])
  })
})
