// From which block on all logs are pushed, those that wait for their turn, and the signs they give.

import { describe, expect, test } from 'vitest'
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

describe('cover', () => {
  test('default: nobody pushes anything', () => {
    const pushes = createPushes()
    expect([pushes.place(), pushes.cover(pushed(100))]).toEqual([undefined, false])
  })

  test('default: all blocks above the one it began at', () => {
    const pushes = createPushes()
    pushes.begin(place, 100)
    expect([pushes.place(), ...[100, 101, 102].map((number) => pushes.cover(pushed(number)))]).toEqual([
      place,
      false,
      true,
      true,
    ])
  })

  test('behavior: where that is not known, what follows the next pushed head', () => {
    const pushes = createPushes()
    pushes.begin(place, undefined)
    expect([blockOf(100), pushed(101), pushed(102), pushed(101)].map(pushes.cover)).toEqual([false, false, true, false])
  })

  test('behavior: a head that had to be asked for is not covered', () => {
    const pushes = createPushes()
    pushes.begin(place, 100)
    expect([pushes.cover(blockOf(101)), pushes.cover(pushed(102))]).toEqual([false, true])
  })

  test('behavior: after it has ended nothing is', () => {
    const pushes = createPushes()
    pushes.begin(place, 100)
    pushes.begin()
    expect([pushes.place(), pushes.cover(pushed(101))]).toEqual([undefined, false])
  })

  test('behavior: forgetting what was pushed leaves the later blocks', () => {
    const pushes = createPushes()
    pushes.begin(place, 100)
    pushes.add(logOf(103, 0))
    pushes.add(logOf(102, 0))
    pushes.restart()
    expect([103, 104].map((number) => pushes.cover(pushed(number)))).toEqual([false, true])
  })

  test('behavior: forgetting before the beginning is known leaves it unknown', () => {
    const pushes = createPushes()
    pushes.begin(place, undefined)
    pushes.add(logOf(103, 0))
    pushes.restart()
    expect([pushed(104), pushed(105)].map(pushes.cover)).toEqual([false, true])
  })

  test('behavior: which blocks the place was to push', () => {
    const pushes = createPushes()
    expect(pushes.covers(100)).toBe(false)
    pushes.begin(place)
    expect(pushes.covers(100)).toBe(false)
    pushes.begin(place, 100)
    expect([pushes.covers(100), pushes.covers(101)]).toEqual([false, true])
  })
})
