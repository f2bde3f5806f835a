// The iterator: opened by the first `next`, closed by whatever ends it, nothing lost in between.

import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Feed } from '../../src/subscription/iteration'
import { createIteration } from '../../src/subscription/iteration'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

function setUp({ open }: { open?: (feed: Feed<number>) => Promise<unknown> } = {}) {
  const controller = new AbortController()
  const off = vi.fn()
  const opened: Feed<number>[] = []
  const iteration = createIteration<number>((feed) => {
    opened.push(feed)
    if (open) return open(feed)
    feed.leaveBy(off)
    return Promise.resolve()
  }, controller.signal)
  const feed = () => opened[0] as Feed<number>
  return { iteration, controller, off, opened, feed }
}

/** Whether a promise has settled. */
async function isDone(promise: Promise<unknown>) {
  let done = false
  void promise.finally(() => {
    done = true
  })
  await turn()
  return done
}

describe('iteration', () => {
  test('behavior: given the platform has no Symbol.asyncIterator, compiled loops find it by the name they look for', () => {
    vi.stubGlobal('Symbol', { iterator: Symbol.iterator })
    const { iteration } = setUp()
    vi.unstubAllGlobals()
    expect((iteration as any)['@@asyncIterator']()).toBe(iteration)
  })

  test('default: opened by the first next, once', async () => {
    const { iteration, opened, feed } = setUp()
    await turn()
    expect(opened).toHaveLength(0)
    const [first, second] = [iteration.next(), iteration.next()]
    expect(opened).toHaveLength(1)
    void feed().give(1)
    void feed().give(2)
    expect([await first, await second]).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ])
    expect(iteration[Symbol.asyncIterator]()).toBe(iteration)
  })

  test('behavior: a value is taken when it is asked for, and only then the next one may come', async () => {
    const { iteration, feed } = setUp()
    const first = iteration.next()
    expect(await isDone(feed().give(1))).toBe(true)
    const second = feed().give(2)
    expect(await isDone(second)).toBe(false)
    await first
    expect(await iteration.next()).toEqual({ done: false, value: 2 })
    expect(await isDone(second)).toBe(true)
  })

  test('behavior: break ends it, once', async () => {
    const { iteration, off, feed } = setUp()
    const seen: number[] = []
    const loop = (async () => {
      for await (const value of iteration) if (seen.push(value) === 2) break
    })()
    for (const value of [1, 2, 3]) void feed().give(value)
    await loop
    await iteration.return?.()
    expect([seen, off.mock.calls.length, await iteration.next()]).toEqual([[1, 2], 1, { done: true, value: undefined }])
  })

  test('behavior: the end lets go of who gives, and of who waits', async () => {
    const { iteration, feed } = setUp()
    const first = iteration.next()
    await turn()
    void feed().give(1)
    await first
    const [given, waiting] = [feed().give(2), iteration.next()]
    expect(await waiting).toEqual({ done: false, value: 2 })
    await given
    const [left, last] = [iteration.next(), iteration.next()]
    await iteration.return?.()
    expect([await left, await last, await isDone(feed().give(3))]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
      true,
    ])
  })

  test('behavior: the signal ends it quietly', async () => {
    const { iteration, controller, off } = setUp()
    const waiting = iteration.next()
    await turn()
    controller.abort()
    expect([await waiting, off.mock.calls.length]).toEqual([{ done: true, value: undefined }, 1])
  })

  test('behavior: a signal that has been given opens nothing', async () => {
    const { iteration, controller, opened } = setUp()
    controller.abort()
    expect(await iteration.next()).toEqual({ done: true, value: undefined })
    expect(opened).toHaveLength(0)
  })

  test('behavior: returned before it was opened, it opens nothing', async () => {
    const { iteration, opened } = setUp()
    await iteration.return?.()
    expect([await iteration.next(), opened.length]).toEqual([{ done: true, value: undefined }, 0])
  })

  test('behavior: ended while it is being opened, it is closed when it is open', async () => {
    const { iteration, off, feed } = setUp({ open: () => Promise.resolve() })
    const waiting = iteration.next()
    await iteration.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
    feed().leaveBy(off)
    expect(off).toHaveBeenCalledTimes(1)
  })

  test('behavior: ended before it is ready, it is closed at once', async () => {
    const { iteration, off } = setUp({
      open({ leaveBy }) {
        leaveBy(off)
        return new Promise(() => {})
      },
    })
    const waiting = iteration.next()
    await iteration.return?.()
    expect([await waiting, off.mock.calls.length]).toEqual([{ done: true, value: undefined }, 1])
  })

  test('error: it could not be opened', async () => {
    const { iteration } = setUp({ open: () => Promise.reject(new Error('refused')) })
    await expect(iteration.next()).rejects.toThrow('refused')
    expect(await iteration.next()).toEqual({ done: true, value: undefined })
  })

  test('error: told once, to who asks first; it closes the stream', async () => {
    const { iteration, off, feed } = setUp()
    const [first, second] = [iteration.next(), iteration.next()]
    await turn()
    feed().fail(new Error('over'))
    feed().fail(new Error('again'))
    await expect(first).rejects.toThrow('over')
    expect([await second, await iteration.next(), off.mock.calls.length]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
      1,
    ])
  })

  test('error: told while nobody asks, it is for who asks next', async () => {
    const { iteration, feed } = setUp()
    const first = iteration.next()
    await turn()
    void feed().give(1)
    await first
    feed().fail(new Error('over'))
    await expect(iteration.next()).rejects.toThrow('over')
    expect(await iteration.next()).toEqual({ done: true, value: undefined })
  })

  test('behavior: whoever gives and takes in whatever rhythm, all values come once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { maxLength: 30 }),
        fc.array(fc.nat(3), { maxLength: 30 }),
        async (gives, takes) => {
          const { iteration, feed } = setUp()
          const seen: number[] = []
          const first = iteration.next()
          const giver = (async () => {
            let value = 0
            for (const pause of gives) {
              for (let left = pause; left > 0; left--) await turn()
              void feed().give(value++)
            }
          })()
          const taker = (async () => {
            if (gives.length === 0) return
            const { value } = await first
            seen.push(value)
            for (let index = 1; index < gives.length; index++) {
              for (let left = takes[index] ?? 0; left > 0; left--) await turn()
              seen.push((await iteration.next()).value)
            }
          })()
          await Promise.all([giver, taker])
          expect(seen).toEqual(gives.map((_, index) => index))
        },
      ),
      { numRuns: 50 },
    )
  })
})
