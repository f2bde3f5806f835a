// Many alarms on one timer of the manual clock: when they ring, and what keeps the process alive.

import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Alarm } from '../../src/base/alarms'
import { createAlarms } from '../../src/base/alarms'
import type { ManualClock } from '../support/manual-clock'
import { createManualClock } from '../support/manual-clock'

function alarmOf(ring: Alarm['ring']): Alarm {
  return { ring, at: Infinity }
}

function setUp(start = 0) {
  const clock = createManualClock(start)
  const alarms = createAlarms(clock)
  const rings: [name: string, now: number][] = []
  const named = (name: string, then?: (alarm: Alarm) => void) =>
    alarmOf((alarm, now) => {
      rings.push([name, now])
      then?.(alarm)
    })
  return { clock, alarms, rings, named }
}

const held = ({ pending }: ManualClock) => [pending.after, pending.background]

describe('createAlarms', () => {
  test('default: rings once, at its time', async () => {
    const { clock, alarms, rings, named } = setUp(100)
    const alarm = named('a')
    alarms.set(alarm, 150)
    expect(alarms.all()).toEqual([alarm])
    await clock.advanceTo(149)
    expect(rings).toEqual([])
    await clock.advanceTo(1_000)
    expect(rings).toEqual([['a', 150]])
    expect([alarm.at, alarms.all()]).toEqual([Infinity, []])
    expect(clock.pending.total).toBe(0)
  })

  test('behavior: nothing set, no timer', () => {
    const { clock } = setUp()
    expect(clock.pending.total).toBe(0)
  })

  test('behavior: one timer for all, each at its own time, in whatever order they were set', async () => {
    const { clock, alarms, rings, named } = setUp()
    for (const at of [30, 10, 40, 20]) {
      alarms.set(named(`${at}`), at)
      expect(clock.pending.total).toBe(1)
    }
    await clock.advance(100)
    expect(rings).toEqual([
      ['10', 10],
      ['20', 20],
      ['30', 30],
      ['40', 40],
    ])
  })

  test('behavior: moved earlier, it rings earlier and once; moved later, later and once', async () => {
    const { clock, alarms, rings, named } = setUp()
    const [a, b] = [named('a'), named('b')]
    alarms.set(a, 50)
    alarms.set(b, 50)
    alarms.set(a, 20)
    alarms.set(b, 80)
    await clock.advance(200)
    expect(rings).toEqual([
      ['a', 20],
      ['b', 80],
    ])
  })

  test('behavior: a cleared one does not ring, twice is once, and it can be set again', async () => {
    const { clock, alarms, rings, named } = setUp()
    const alarm = named('a')
    alarms.clear(alarm)
    alarms.set(alarm, 10)
    alarms.clear(alarm)
    alarms.clear(alarm)
    await clock.advance(50)
    expect(rings).toEqual([])
    alarms.set(alarm, 60)
    await clock.advance(50)
    expect(rings).toEqual([['a', 60]])
  })

  test('behavior: a time that has passed rings at the next turn, never inside set', async () => {
    const { clock, alarms, rings, named } = setUp(100)
    alarms.set(named('a'), 40)
    expect(rings).toEqual([])
    await clock.advance(0)
    expect(rings).toEqual([['a', 100]])
  })

  test('behavior: Given the process asleep, then all that is due rings', async () => {
    const { clock, alarms, rings, named } = setUp()
    alarms.set(named('a'), 10)
    alarms.set(named('b'), 500)
    alarms.set(named('c'), 9_000)
    await clock.jump(3_000)
    expect(rings.sort()).toEqual([
      ['a', 3_000],
      ['b', 3_000],
    ])
    await clock.advance(6_000)
    expect(rings.at(-1)).toEqual(['c', 9_000])
  })

  test('behavior: an alarm may be set again while it rings', async () => {
    const { clock, alarms, rings, named } = setUp()
    const alarm = named('a', (self) => {
      if (rings.length < 3) alarms.set(self, clock.now() + 10)
    })
    alarms.set(alarm, 10)
    await clock.advance(100)
    expect(rings.map(([, now]) => now)).toEqual([10, 20, 30])
  })

  test('behavior: set to now while it rings, it rings again, later', async () => {
    const { clock, alarms, rings, named } = setUp()
    alarms.set(
      named('a', (self) => {
        if (rings.length < 3) alarms.set(self, clock.now())
      }),
      10,
    )
    await clock.advance(10)
    expect(rings).toEqual([
      ['a', 10],
      ['a', 10],
      ['a', 10],
    ])
  })

  test('behavior: a ring may clear or move others that are due in the same pass', async () => {
    const { clock, alarms, rings, named } = setUp()
    const [b, c, d] = [named('b'), named('c'), named('d')]
    const first = named('a', () => {
      alarms.clear(b)
      alarms.set(c, 200)
      alarms.set(d, 5)
    })
    // The one set first is looked at first.
    for (const alarm of [first, b, c, d]) alarms.set(alarm, 10)
    await clock.advance(10)
    expect(rings).toEqual([
      ['a', 10],
      ['d', 10],
    ])
    await clock.advance(500)
    expect(rings.slice(2)).toEqual([['c', 200]])
  })

  test('behavior: a ring that throws keeps no other from ringing', async () => {
    const { clock, alarms, rings, named } = setUp()
    const bug = new Error('a bug')
    alarms.set(
      named('a', () => {
        throw bug
      }),
      10,
    )
    alarms.set(named('b'), 10)
    await expect(clock.advance(10)).rejects.toBe(bug)
    await clock.advance(1)
    expect(rings.map(([name]) => name)).toEqual(['a', 'b'])
    expect(clock.pending.total).toBe(0)
  })

  test('behavior: Infinity stands on the list and starts no timer', async () => {
    const { clock, alarms, rings, named } = setUp()
    const alarm = named('a')
    alarms.set(alarm, Infinity)
    expect(alarms.all()).toEqual([alarm])
    expect(clock.pending.total).toBe(0)
    alarms.set(alarm, 10)
    await clock.advance(10)
    expect(rings).toEqual([['a', 10]])
  })

  test('behavior: longer than a platform timer can hold, it still rings at its time', async () => {
    const { clock, alarms, rings, named } = setUp()
    alarms.set(named('a'), 2 ** 31 + 5_000)
    await clock.advance(2 ** 31)
    expect(rings).toEqual([])
    await clock.advance(5_000)
    expect(rings).toEqual([['a', 2 ** 31 + 5_000]])
  })

  test('behavior: close clears all', async () => {
    const { clock, alarms, rings, named } = setUp()
    const alarm = named('a')
    alarms.set(alarm, 10)
    alarms.set(named('b'), Infinity)
    alarms.close()
    alarms.close()
    expect([alarms.all(), clock.pending.total]).toEqual([[], 0])
    await clock.advance(100)
    expect(rings).toEqual([])
  })
})

describe('who keeps the process alive', () => {
  test('default: something that is set does, nothing set does not', async () => {
    const { clock, alarms, named } = setUp()
    const [a, b] = [named('a'), named('b')]
    alarms.set(a, 100)
    alarms.set(b, 200)
    expect(held(clock)).toEqual([1, 0])
    alarms.clear(a)
    expect(held(clock)).toEqual([1, 0])
    alarms.clear(b)
    expect(held(clock)).toEqual([0, 1])
    await clock.advance(500)
    expect(held(clock)).toEqual([0, 0])
  })

  test.each([
    ['later than', 300],
    ['at', 100],
    ['earlier than', 50],
  ])('behavior: set again %s the timer that is left to run out, it does', async (_, at) => {
    const { clock, alarms, rings, named } = setUp()
    const alarm = named('a')
    alarms.set(alarm, 100)
    alarms.clear(alarm)
    expect(held(clock)).toEqual([0, 1])
    alarms.set(alarm, at)
    expect(held(clock)).toEqual([1, 0])
    await clock.advance(at - 1)
    expect(held(clock)).toEqual([1, 0])
    await clock.advance(1)
    expect(rings).toEqual([['a', at]])
    expect(held(clock)).toEqual([0, 0])
  })

  test('behavior: an alarm left after a ring does', async () => {
    const { clock, alarms, named } = setUp()
    alarms.set(named('a'), 10)
    alarms.set(named('b'), 20)
    await clock.advance(10)
    expect(held(clock)).toEqual([1, 0])
    await clock.advance(10)
    expect(held(clock)).toEqual([0, 0])
  })

  test('behavior: a thousand requests that end before their deadline start one timer', () => {
    const clock = createManualClock()
    const after = vi.spyOn(clock, 'after')
    const alarms = createAlarms(clock)
    for (let count = 0; count < 1_000; count++) {
      const alarm = alarmOf(() => {})
      alarms.set(alarm, 10_000 + count)
      alarms.clear(alarm)
    }
    expect(after).toHaveBeenCalledTimes(1)
    expect(held(clock)).toEqual([0, 1])
  })
})

describe('against a naive model', () => {
  type Step = { type: 'set' | 'clear' | 'advance' | 'jump'; index: number; by: number }
  const steps = fc.array(
    fc.record<Step>({
      type: fc.constantFrom('set', 'set', 'clear', 'advance', 'jump'),
      index: fc.integer({ min: 0, max: 4 }),
      by: fc.integer({ min: 0, max: 60 }),
    }),
    { maxLength: 40 },
  )

  test('default: each alarm rings when a timer of its own would', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        const clock = createManualClock()
        const model = createManualClock()
        const alarms = createAlarms(clock)
        const rung: string[] = []
        const expected: string[] = []
        const all = Array.from({ length: 5 }, (_, index) => alarmOf((_, now) => void rung.push(`${now} ${index}`)))
        const timers = all.map(() => undefined as { cancel(): void } | undefined)
        let isSet = new Set<number>()
        for (const { type, index, by } of given) {
          if (type === 'set') {
            alarms.set(all[index] as Alarm, model.now() + by)
            timers[index]?.cancel()
            isSet.add(index)
            timers[index] = model.after(by, () => {
              isSet.delete(index)
              expected.push(`${model.now()} ${index}`)
            })
          } else if (type === 'clear') {
            alarms.clear(all[index] as Alarm)
            timers[index]?.cancel()
            isSet = new Set([...isSet].filter((other) => other !== index))
          } else {
            await clock[type](by)
            await model[type](by)
          }
          expect(alarms.all().length).toBe(isSet.size)
          expect(clock.pending.after).toBe(isSet.size > 0 ? 1 : 0)
          expect(clock.pending.total).toBeLessThanOrEqual(1)
        }
        // Of one moment, the order is free.
        expect(rung.sort()).toEqual(expected.sort())
      }),
      { numRuns: 150 },
    )
  })
})

test('behavior: rings though another clock has taken over since the timer was armed', async () => {
  const [first, second] = [createManualClock(), createManualClock()]
  let present = first
  const alarms = createAlarms({
    now: () => present.now(),
    after: (...timer) => present.after(...timer),
    background: (...timer) => present.background(...timer),
    era: () => present,
  })
  const ring = vi.fn()
  alarms.set(alarmOf(ring), 10)
  present = second
  const late = alarmOf(ring)
  alarms.set(late, 20)
  await second.advance(20)
  expect(ring).toHaveBeenCalledWith(late, 20)
})
