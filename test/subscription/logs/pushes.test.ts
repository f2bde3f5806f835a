// From which block on all logs are pushed, those that wait for their turn, and the signs they give.

import { describe, expect, test } from 'vitest'
import type { Pushes } from '../../../src/subscription/logs/pushes'
import { createPushes } from '../../../src/subscription/logs/pushes'
import type { Place } from '../../../src/subscription/source/place'
import { blockOf, hashOf, logOf } from '../blocks'

const place = { id: 'p1' } as Place
const pushed = (number: number) => blockOf(number, { isPushed: true })

describe('pushes', () => {
  test('default: kept by block until its turn comes', () => {
    const pushes = createPushes()
    expect([pushes.add(logOf(100, 0)), pushes.add(logOf(100, 1)), pushes.add(logOf(101, 0))]).toEqual(
      Array(3).fill(false),
    )
    expect(pushes.of(hashOf(100))).toEqual([logOf(100, 0), logOf(100, 1)])
    expect([pushes.hasAbove(100), pushes.hasAbove(101)]).toEqual([true, false])
    expect(pushes.take(hashOf(100))).toEqual([logOf(100, 0), logOf(100, 1)])
    expect([pushes.of(hashOf(100)), pushes.take(hashOf(100)), pushes.of(hashOf(101))]).toEqual([
      [],
      [],
      [logOf(101, 0)],
    ])
  })

  test('behavior: a doubled log is a sign, also after its block was taken', () => {
    const pushes = createPushes()
    pushes.add(logOf(100, 0))
    expect(pushes.add(logOf(100, 0))).toBe(true)
    expect(pushes.take(hashOf(100))).toEqual([logOf(100, 0)])
    expect(pushes.add(logOf(100, 0))).toBe(true)
  })

  test('behavior: a lower place in the same block is a sign; a lower block may be a new branch', () => {
    const pushes = createPushes()
    expect([logOf(100, 2), logOf(100, 1), logOf(100, 5), logOf(99, 0), logOf(99, 0, 1)].map(pushes.add)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ])
  })

  test('behavior: what is below is forgotten, on whatever branch', () => {
    const pushes = createPushes()
    for (const log of [logOf(99, 0), logOf(99, 0, 1), logOf(100, 0), logOf(101, 0)]) pushes.add(log)
    pushes.forgetBelow(100)
    expect([hashOf(99), hashOf(99, 1), hashOf(100), hashOf(101)].map((hash) => pushes.of(hash).length)).toEqual([
      0, 0, 1, 1,
    ])
  })

  test('behavior: another source starts afresh', () => {
    const pushes = createPushes()
    pushes.add(logOf(100, 2))
    pushes.begin(place, 100)
    expect([pushes.of(hashOf(100)), pushes.add(logOf(100, 1)), pushes.add(logOf(100, 2))]).toEqual([[], false, false])
  })

  test('behavior: at 20 000 logs the oldest block goes', () => {
    const pushes = createPushes()
    for (let index = 0; index < 10_001; index++) pushes.add(logOf(100, index))
    for (let index = 0; index < 9_999; index++) pushes.add(logOf(101, index))
    expect(pushes.of(hashOf(100))).toHaveLength(10_001)
    pushes.add(logOf(102, 0))
    expect([100, 101, 102].map((number) => pushes.of(hashOf(number)).length)).toEqual([0, 9_999, 1])
  })
})

test('behavior: a log that is doubled without end takes the room of one', () => {
  const pushes = createPushes()
  for (let count = 0; count <= 20_000; count++) pushes.add(logOf(100, 0))
  expect(pushes.of(hashOf(100))).toHaveLength(1)
})

describe('covers', () => {
  const whichOf = (pushes: Pushes) => [100, 101, 102, 103, 104].filter(pushes.covers)

  test('default: nobody pushes anything', () => {
    const pushes = createPushes()
    expect([pushes.place(), whichOf(pushes)]).toEqual([undefined, []])
  })

  test('default: all blocks above the one it began at', () => {
    const pushes = createPushes()
    pushes.begin(place, 101)
    expect([pushes.place(), whichOf(pushes)]).toEqual([place, [102, 103, 104]])
  })

  test.each([
    ['pushed: only what follows it is sure to be', 100, { isPushed: true }, [103, 104]],
    ['pushed, the first one of all', -1, { isPushed: true }, [100, 101, 102, 103, 104]],
    ['pushed elsewhere, the first one of all', -1, { isPushed: true, provider: 'p2' }, [103, 104]],
    ['pushed, and lower', 103, { isPushed: true }, [104]],
    ['asked for', 100, {}, [101, 102, 103, 104]],
  ])('behavior: after the first head, that was %s', (_, above, how, expected) => {
    const pushes = createPushes()
    pushes.begin(place, above)
    pushes.hear(blockOf(102, how))
    expect(whichOf(pushes)).toEqual(expected)
  })

  test('behavior: after the first pushed head none changes that', () => {
    const pushes = createPushes()
    pushes.begin(place, 100)
    for (const block of [blockOf(101), pushed(102), pushed(103)]) pushes.hear(block)
    expect(whichOf(pushes)).toEqual([103, 104])
  })

  test('behavior: a block whose logs were dropped at the bound, and those below it, are not', () => {
    const pushes = createPushes()
    pushes.begin(place, 100)
    for (let index = 0; index < 20_000; index++) pushes.add(logOf(102, index))
    expect(whichOf(pushes)).toEqual([101, 102, 103, 104])
    pushes.add(logOf(103, 0))
    expect(whichOf(pushes)).toEqual([103, 104])
  })

  test('behavior: after it has ended nothing is', () => {
    const pushes = createPushes()
    pushes.begin(place, 100)
    pushes.begin()
    expect([pushes.place(), whichOf(pushes)]).toEqual([undefined, []])
  })

  test('behavior: forgetting what was pushed leaves the later blocks', () => {
    const pushes = createPushes()
    pushes.begin(place, 100)
    pushes.add(logOf(103, 0))
    pushes.add(logOf(102, 0))
    pushes.restart()
    expect(whichOf(pushes)).toEqual([104])
  })
})

test('lag: the longest one, until another place begins', () => {
  const pushes = createPushes()
  for (const ms of [100, 50]) pushes.noteLag(ms)
  expect(pushes.lag()).toBe(100)
  pushes.begin(place)
  expect(pushes.lag()).toBe(0)
})
