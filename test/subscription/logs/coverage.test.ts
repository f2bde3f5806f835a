// From which block on all logs are pushed.

import { describe, expect, test } from 'vitest'
import { createCoverage } from '../../../src/subscription/logs/coverage'
import type { Place } from '../../../src/subscription/source/place'
import { blockOf } from '../blocks'

const place = { id: 'p1' } as Place
const pushed = (number: number) => blockOf(number, { isPushed: true })

describe('coverage', () => {
  test('default: nobody pushes anything', () => {
    const coverage = createCoverage()
    expect([coverage.place(), coverage.has(pushed(100))]).toEqual([undefined, false])
  })

  test('default: all blocks above the one it began at', () => {
    const coverage = createCoverage()
    coverage.begin(place, 100)
    expect([coverage.place(), ...[100, 101, 102].map((number) => coverage.has(pushed(number)))]).toEqual([
      place,
      false,
      true,
      true,
    ])
  })

  test('behavior: where that is not known, what follows the next pushed head', () => {
    const coverage = createCoverage()
    coverage.begin(place, undefined)
    expect([blockOf(100), pushed(101), pushed(102), pushed(101)].map(coverage.has)).toEqual([false, false, true, false])
  })

  test('behavior: a head that had to be asked for is not covered', () => {
    const coverage = createCoverage()
    coverage.begin(place, 100)
    expect([coverage.has(blockOf(101)), coverage.has(pushed(102))]).toEqual([false, true])
  })

  test('behavior: after it has ended nothing is', () => {
    const coverage = createCoverage()
    coverage.begin(place, 100)
    coverage.end()
    expect([coverage.place(), coverage.has(pushed(101))]).toEqual([undefined, false])
  })

  test('behavior: forgetting what was pushed leaves the later blocks', () => {
    const coverage = createCoverage()
    coverage.begin(place, 100)
    coverage.note(103)
    coverage.note(102)
    coverage.restart()
    expect([103, 104].map((number) => coverage.has(pushed(number)))).toEqual([false, true])
  })

  test('behavior: forgetting before the beginning is known leaves it unknown', () => {
    const coverage = createCoverage()
    coverage.begin(place, undefined)
    coverage.note(103)
    coverage.restart()
    expect([pushed(104), pushed(105)].map(coverage.has)).toEqual([false, true])
  })
})
