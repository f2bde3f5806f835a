// What is remembered for a while, within a bound.

import { describe, expect, test } from 'vitest'
import { createRecent } from '../../src/base/recent'

describe('createRecent', () => {
  const keys = (recent: ReturnType<typeof createRecent>, now: number) => recent.all(now).map(([key]) => key)

  test('default: as long as it lasts; what is set again is the newest', () => {
    const recent = createRecent<number>(10, 100)
    recent.set('a', 1, 0)
    recent.set('b', 2, 50)
    recent.set('c', 3, 60)
    recent.set('a', 4, 70)
    expect(recent.all(149)).toEqual([
      ['b', 2],
      ['c', 3],
      ['a', 4],
    ])
    expect([recent.get('b', 149), recent.get('b', 150), recent.get('a', 150)]).toEqual([2, undefined, 4])
    expect(keys(recent, 160)).toEqual(['a'])
    expect([keys(recent, 170), recent.isEmpty(), recent.get('a', 170), recent.isEmpty()]).toEqual([
      [],
      false,
      undefined,
      true,
    ])
  })

  test('behavior: past the bound the oldest goes; without a time they stay', () => {
    const recent = createRecent<number>(2)
    for (const [now, key] of ['a', 'b', 'a', 'c'].entries()) recent.set(key, now, now)
    expect(recent.all(1e9)).toEqual([
      ['a', 2],
      ['c', 3],
    ])
    recent.delete('a')
    expect(keys(recent, 1e9)).toEqual(['c'])
    recent.clear()
    expect(recent.isEmpty()).toBe(true)
  })
})
