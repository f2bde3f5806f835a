// Batches of an HTTP channel, over a scripted fetch: who travels with whom, when they leave, and what each is answered.

import { describe, expect, test } from 'vitest'
import type { Batch, Travel } from '../../src/channel/channel'
import type { HttpBatchOptions } from '../../src/channel/http'
import { createHttpChannel } from '../../src/channel/http'
import { failureOf } from '../../src/rpc/failure'
import { createManualClock } from '../support/manual-clock'
import type { Posted } from '../support/scripted-fetch'
import { answersOf, createScriptedFetch } from '../support/scripted-fetch'

const SECRET = 'a-very-secret-key'

type Asked = { key?: unknown; isAlone?: boolean; size?: number; isDirect?: boolean; method?: string }

function setUp(batches: HttpBatchOptions = {}, options: { latency?: number; maxResponseBodySize?: number } = {}) {
  const { latency = 10, ...rest } = options
  const clock = createManualClock()
  const server = createScriptedFetch(clock, latency)
  const refused: number[] = []
  const channel = createHttpChannel({
    url: `https://one.example/${SECRET}`,
    provider: 'one',
    fetch: server.fetch,
    batches: { onRefused: (most) => refused.push(most), ...batches },
    ...rest,
  })

  /** Asks for `param`; the answer is noted, with its time. */
  function ask(param: unknown, asked: Asked = {}) {
    const { key, isAlone = false, size = 20, isDirect = false, method = 'eth_getBalance' } = asked
    const seen = { at: -1, value: undefined as unknown, error: undefined as any, left: [] as (Batch | undefined)[] }
    const travel: Travel = {
      isAlone,
      key,
      size: () => size,
      onLeave: (batch) => void seen.left.push(batch),
      giveUp: undefined,
    }
    channel.request({ method, params: [param] }, isDirect ? {} : { travel }).then(
      (value) => Object.assign(seen, { value, at: clock.now() }),
      (error) => Object.assign(seen, { error, at: clock.now() }),
    )
    return { seen, giveUp: () => travel.giveUp?.() }
  }

  const many = (count: number, asked?: Asked, from = 0) =>
    Array.from({ length: count }, (_, index) => ask(from + index, asked))
  const shape = () => server.posts.map(({ asked, isBatch }) => (isBatch ? asked.length : 'single'))
  return { clock, server, channel, refused, ask, many, shape }
}

const values = (asked: readonly { seen: { value: unknown } }[]) => asked.map(({ seen }) => seen.value)
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('leaving', () => {
  test('default: up to 4 of one turn leave singly, at once', async () => {
    const t = setUp()
    const asked = t.many(4)
    await t.clock.settle()
    expect([t.shape(), t.clock.now()]).toEqual([['single', 'single', 'single', 'single'], 0])
    await t.clock.advance(10)
    expect(values(asked)).toEqual(upTo(4))
    expect(asked.map(({ seen }) => seen.left)).toEqual([[undefined], [undefined], [undefined], [undefined]])
  })

  test('default: more leave together, at most 20 a batch', async () => {
    const t = setUp()
    const asked = t.many(45)
    await t.clock.settle()
    expect(t.shape()).toEqual([20, 20, 5])
    await t.clock.advance(10)
    expect(values(asked)).toEqual(upTo(45))
    const batches = asked.map(({ seen }) => seen.left[0])
    expect(batches.map((batch) => batches.indexOf(batch))).toEqual([
      ...Array(20).fill(0),
      ...Array(20).fill(20),
      ...Array(5).fill(40),
    ])
  })

  test('behavior: one that is left over leaves singly', async () => {
    const t = setUp()
    t.many(21)
    await t.clock.settle()
    expect(t.shape()).toEqual([20, 'single'])
  })

  test('behavior: a batch of the size that was declared', async () => {
    const t = setUp()
    t.many(64, { size: 100 })
    await t.clock.settle()
    expect(t.shape()).toEqual([64])
  })

  test('behavior: those of later turns leave by themselves', async () => {
    const t = setUp()
    t.many(3)
    await t.clock.settle()
    t.many(3)
    await t.clock.settle()
    expect(t.shape()).toEqual(Array(6).fill('single'))
  })

  test('behavior: what comes while 8 slots are taken leaves as one batch when a slot frees', async () => {
    const t = setUp()
    for (const param of upTo(8)) {
      t.ask(param)
      await t.clock.advance(1)
    }
    const late = t.many(3, {}, 100)
    await t.clock.advance(1)
    expect([t.server.inFlight, t.channel.load?.(), late[0]?.seen.left]).toEqual([8, 11, []])
    await t.clock.advanceTo(10)
    expect([t.shape().slice(8), t.server.posts.at(-1)?.at]).toEqual([[3], 10])
    await t.clock.advanceTo(20)
    expect(values(late)).toEqual([100, 101, 102])
    expect([t.server.inFlight, t.server.peak, t.channel.load?.()]).toEqual([0, 8, 0])
  })

  test('behavior: a declared concurrency is never exceeded, and a turn with too few slots leaves as one batch', async () => {
    const t = setUp({ concurrency: 2 })
    t.many(3)
    await t.clock.settle()
    expect(t.shape()).toEqual([3])
    t.many(2)
    t.many(40, { isAlone: true })
    await t.clock.advance(1_000)
    expect(t.server.peak).toBe(2)
    expect(t.server.posts.reduce((sum, { asked }) => sum + asked.length, 0)).toBe(45)
  })

  test('behavior: nobody starves: those that travel alone have their turn among the others', async () => {
    const t = setUp({ concurrency: 1 })
    t.many(5)
    await t.clock.advance(1)
    const alone = t.ask('alone', { isAlone: true })
    for (const turn of upTo(5)) {
      t.many(20, {}, 100 * turn)
      await t.clock.advance(2)
    }
    await t.clock.advance(100)
    expect(alone.seen.at).toBe(20)
  })

  test('behavior: heavy ones and those with different signals never share a batch', async () => {
    const t = setUp({ concurrency: 1 })
    const [one, other] = [{}, {}]
    t.many(1)
    await t.clock.settle()
    for (const index of upTo(4)) {
      t.ask(`a${index}`, { key: one })
      t.ask(`b${index}`, { key: other })
      t.ask(`c${index}`)
      t.ask(`heavy${index}`, { isAlone: true })
    }
    await t.clock.advance(1_000)
    const kinds = t.server.posts.slice(1).map(({ asked }) => asked.join(' '))
    expect(kinds).toEqual(['a0 a1 a2 a3', 'b0 b1 b2 b3', 'c0 c1 c2 c3', 'heavy0', 'heavy1', 'heavy2', 'heavy3'])
  })

  test('behavior: our own slots hold up nobody who would gain nothing: signals, heavy ones, copies', async () => {
    const t = setUp()
    for (const key of upTo(30)) t.ask('a', { key: { key } })
    t.many(10, { isAlone: true })
    t.many(10, { isDirect: true })
    for (const param of ['c', 'd']) t.ask(param)
    await t.clock.settle()
    // Nor do those hold up anybody.
    expect([t.server.inFlight, t.shape().every((shape) => shape === 'single')]).toEqual([52, true])
    const key = {}
    t.many(6, { key })
    await t.clock.settle()
    expect(t.shape().at(-1)).toBe(6)
  })

  test('behavior: a batch has a longest body, and what is longer travels alone', async () => {
    const t = setUp()
    for (const length of [200_000, 200_000, 200_000, 600_000, 10, 10]) t.ask('x'.repeat(length))
    await t.clock.settle()
    const lengths = t.server.posts.map(({ asked }) => asked.map((text) => (text as string).length))
    expect(lengths).toEqual([[600_000], [200_000, 200_000, 10, 10], [200_000]])
  })

  test('behavior: 100 000 wait, the next one is turned away as nobody`s fault, and giving them all up takes no longer', async () => {
    const t = setUp({ concurrency: 1 })
    t.server.reply = () => 'hang'
    const waiting = t.many(100_000)
    const one = t.ask('one too many')
    await t.clock.settle()
    expect(failureOf(one.seen.error, { method: 'eth_sendRawTransaction' })).toEqual({
      kind: 'network',
      verdict: 'next',
      blame: 'nobody',
      isRpc: false,
      isUntouched: true,
      message: '100000 requests wait for one.',
    })
    for (const each of waiting) each.giveUp()
    await t.clock.settle()
    expect([t.channel.load?.(), t.shape()]).toEqual([0, [20]])
  })
})

describe('answers', () => {
  test('125. given a batch with one failing item, then only that item fails', async () => {
    const t = setUp()
    const error = { code: 3, message: 'execution reverted', data: '0x01' }
    t.server.reply = (post) => ({ body: answersOf(post, (asked) => (asked === 2 ? { error } : undefined)) })
    const asked = t.many(5, { method: 'eth_call' })
    await t.clock.advance(10)
    expect(values(asked)).toEqual([0, 1, undefined, 3, 4])
    expect(asked[2]?.seen.error).toMatchObject({ name: 'RpcRequestError', code: 3, data: '0x01', url: 'one' })
    expect(t.server.posts).toHaveLength(1)
  })

  test('125. given answers in any order, then each caller gets its own', async () => {
    const t = setUp()
    t.server.reply = (post) => ({ body: (answersOf(post) as unknown[]).reverse() })
    const asked = t.many(30)
    await t.clock.advance(10)
    expect(values(asked)).toEqual(upTo(30))
  })

  test('given a batch that lacks a member, then that one is asked singly, at once', async () => {
    const t = setUp()
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
    const t = setUp()
    t.server.reply = (post) => ({ body: post.isBatch ? refuse(post) : answersOf(post) })
    const asked = t.many(12)
    await t.clock.advance(20)
    expect([values(asked), t.shape()]).toEqual([upTo(12), [12, ...Array(12).fill('single')]])
    expect(t.refused).toEqual([most])
    expect(asked.every(({ seen }) => seen.at === 20)).toBe(true)
  })

  test('behavior: with a declared concurrency they have the next slots, before all that wait', async () => {
    const t = setUp({ concurrency: 2 })
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
    const t = setUp({}, { maxResponseBodySize: 500 })
    // One of them may be answered with that much.
    const asked = [...t.many(19), t.ask(19, { method: 'eth_call' })]
    await t.clock.advance(20)
    expect([values(asked), t.shape().length, t.refused]).toEqual([upTo(20), 21, [10]])
  })

  test('given one for members that none is answered with much, then it is no answer to any of them', async () => {
    const t = setUp({}, { maxResponseBodySize: 500 })
    const asked = t.many(20)
    await t.clock.advance(20)
    expect([t.shape(), t.refused]).toEqual([[20], []])
    for (const { seen } of asked) expect(seen.error).toMatchObject({ name: 'ResponseBodyTooLargeError' })
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
    const t = setUp()
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
    const t = setUp()
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
    const t = setUp()
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
    const t = setUp({ rules })
    t.server.reply = () => ({ body: { error: { code: -32000, message: 'calm down, please' } } })
    const asked = t.many(5)
    await t.clock.advance(10)
    expect([t.server.posts.length, asked[4]?.seen.error.code]).toEqual([1, -32000])
  })
})

describe('giving up', () => {
  test('behavior: one member gives up, the others get their answers', async () => {
    const t = setUp()
    const asked = t.many(5)
    await t.clock.advance(5)
    asked[1]?.giveUp()
    await t.clock.advance(5)
    expect(values(asked)).toEqual([0, undefined, 2, 3, 4])
    expect([asked[1]?.seen.at, t.server.posts[0]?.isAborted]).toEqual([5, false])
  })

  test('behavior: the post is aborted when all have given up, and its slot is free', async () => {
    const t = setUp({ concurrency: 1 })
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
    const t = setUp({ concurrency: 1 })
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
    const t = setUp()
    const asked = t.many(6)
    asked[0]?.giveUp()
    await t.clock.advance(10)
    expect([t.server.posts[0]?.asked, asked[0]?.seen.value]).toEqual([[1, 2, 3, 4, 5], undefined])
  })

  test('behavior: a single one is aborted', async () => {
    const t = setUp()
    const one = t.ask('one')
    await t.clock.settle()
    one.giveUp()
    await t.clock.settle()
    expect([t.server.posts[0]?.isAborted, t.channel.load?.(), one.seen.error.name]).toEqual([true, 0, 'AbortError'])
  })

  test('behavior: what a refused batch leaves over is not sent for those that gave up', async () => {
    const t = setUp()
    t.server.reply = (post) => ({ body: post.isBatch ? { error: { code: -32600, message: 'no' } } : answersOf(post) })
    const asked = t.many(5)
    await t.clock.advance(5)
    asked[3]?.giveUp()
    await t.clock.advance(50)
    expect([values(asked), t.shape().length]).toEqual([[0, 1, 2, undefined, 4], 5])
  })
})
