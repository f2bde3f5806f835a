// Batches of an HTTP channel: who travels with whom, and when they leave.

import { describe, expect, test } from 'vitest'
import { setUpBatches, upTo, values } from './batches'

describe('leaving', () => {
  test('default: up to 4 of one turn leave singly, at once', async () => {
    const t = setUpBatches()
    const asked = t.many(4)
    await t.clock.settle()
    expect([t.shape(), t.clock.now()]).toEqual([['single', 'single', 'single', 'single'], 0])
    await t.clock.advance(10)
    expect(values(asked)).toEqual(upTo(4))
    expect(asked.map(({ seen }) => seen.left)).toEqual([[undefined], [undefined], [undefined], [undefined]])
  })

  test('default: more leave together, at most 20 a batch', async () => {
    const t = setUpBatches()
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
    const t = setUpBatches()
    t.many(21)
    await t.clock.settle()
    expect(t.shape()).toEqual([20, 'single'])
  })

  test('behavior: a batch of the size that was declared', async () => {
    const t = setUpBatches()
    t.many(64, { size: 100 })
    await t.clock.settle()
    expect(t.shape()).toEqual([64])
  })

  test('behavior: those of later turns leave by themselves', async () => {
    const t = setUpBatches()
    t.many(3)
    await t.clock.settle()
    t.many(3)
    await t.clock.settle()
    expect(t.shape()).toEqual(Array(6).fill('single'))
  })

  test('behavior: what comes while 8 slots are taken leaves as one batch when a slot frees', async () => {
    const t = setUpBatches()
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
    const t = setUpBatches({ concurrency: 2 })
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
    const t = setUpBatches({ concurrency: 1 })
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
    const t = setUpBatches({ concurrency: 1 })
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
    const t = setUpBatches()
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
    const t = setUpBatches()
    for (const length of [200_000, 200_000, 200_000, 600_000, 10, 10]) t.ask('x'.repeat(length))
    await t.clock.settle()
    const lengths = t.server.posts.map(({ asked }) => asked.map((text) => (text as string).length))
    expect(lengths).toEqual([[600_000], [200_000, 200_000, 10, 10], [200_000]])
  })

  test('behavior: 10 000 wait, the next one is turned away', async () => {
    const t = setUpBatches({ concurrency: 1 })
    t.server.reply = () => 'hang'
    t.many(10_000)
    const one = t.ask('one too many')
    await t.clock.settle()
    expect(one.seen.error).toMatchObject({ code: 4900 })
  })
})
