// The emitter: its listeners can break nothing.

import { runInNewContext } from 'node:vm'
import { describe, expect, test, vi } from 'vitest'
import type { LimitEvent } from '../src/events'
import { createEvents } from '../src/events'
import { unhandled } from './support/unhandled'

const limit = (cooldown = 1): LimitEvent => ({ provider: 'p1', kind: 'rate-limit', cooldown })

describe('createEvents', () => {
  test('default: listeners get the events of their name, in the order they came', () => {
    const events = createEvents()
    const seen: unknown[] = []
    events.on('limit', (event) => void seen.push(['a', event]))
    events.on('limit', (event) => void seen.push(['b', event]))
    events.on('breaker', (event) => void seen.push(['c', event]))
    events.emit('limit', limit())
    expect(seen).toEqual([
      ['a', limit()],
      ['b', limit()],
    ])
  })

  test('behavior: nobody listens', () => {
    const events = createEvents()
    expect(events.has('limit')).toBe(false)
    expect(() => events.emit('limit', limit())).not.toThrow()
  })

  test('behavior: `has` follows on and off', () => {
    const events = createEvents()
    const offs = [events.on('limit', () => {}), events.on('limit', () => {})]
    expect([events.has('limit'), events.has('attempt')]).toEqual([true, false])
    for (const off of offs) off()
    expect(events.has('limit')).toBe(false)
  })

  test('behavior: off twice is once, and takes only its own listener', () => {
    const events = createEvents()
    const listener = vi.fn()
    const [first, second] = [events.on('limit', listener), events.on('limit', listener)]
    events.emit('limit', limit())
    expect(listener).toHaveBeenCalledTimes(2)
    first()
    first()
    events.emit('limit', limit())
    expect(listener).toHaveBeenCalledTimes(3)
    second()
    events.emit('limit', limit())
    expect(listener).toHaveBeenCalledTimes(3)
  })

  test('behavior: payloads are frozen, so that no listener changes what the next one sees', () => {
    const events = createEvents()
    const seen: number[] = []
    events.on('limit', (event) => {
      ;(event as LimitEvent).cooldown = 99
    })
    events.on('limit', (event) => {
      expect(Object.isFrozen(event)).toBe(true)
      seen.push(event.cooldown)
    })
    events.emit('limit', limit(5))
    expect(seen).toEqual([5])
  })

  test('behavior: Given an event listener that throws, then the others and the emitter are unaffected', () => {
    const events = createEvents()
    const seen: string[] = []
    events.on('limit', () => {
      seen.push('a')
      throw new Error('mine')
    })
    events.on('limit', () => void seen.push('b'))
    expect(() => events.emit('limit', limit())).not.toThrow()
    events.emit('limit', limit())
    expect(seen).toEqual(['a', 'b', 'a', 'b'])
  })

  test('behavior: Given an event listener that blocks on a promise, then nobody waits for it', () => {
    const events = createEvents()
    const after = vi.fn()
    events.on('limit', () => new Promise(() => {}))
    events.on('limit', after)
    events.emit('limit', limit())
    expect(after).toHaveBeenCalledTimes(1)
  })

  test.each<[string, () => unknown]>([
    ['a promise', () => Promise.reject(new Error('mine'))],
    ['a promise of another realm', () => runInNewContext('Promise.reject(new Error("mine"))')],
    [
      'a thenable whose then throws',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is what it is about
        then() {
          throw new Error('mine')
        },
      }),
    ],
    [
      'an object whose then cannot be read',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is what it is about
        get then() {
          throw new Error('mine')
        },
      }),
    ],
  ])('behavior: Given a listener that returns %s that fails, then nothing is left unhandled', async (_, fail) => {
    const events = createEvents()
    const after = vi.fn()
    events.on('limit', fail as () => void)
    events.on('limit', after)
    expect(await unhandled(() => events.emit('limit', limit()))).toEqual([])
    expect(after).toHaveBeenCalledTimes(1)
  })

  test('behavior: the guard of this test sees what nobody handles', async () => {
    const reason = new Error('nobody')
    expect(await unhandled(() => void Promise.reject(reason))).toEqual([reason])
  })

  test.each([undefined, null, 0, 'text', true])('behavior: a listener may return %j', (value) => {
    const events = createEvents()
    events.on('limit', () => value as never)
    expect(() => events.emit('limit', limit())).not.toThrow()
  })

  test('behavior: a listener added while emitting gets the next event, not this one', () => {
    for (const others of [0, 1, 2]) {
      const events = createEvents()
      const late = vi.fn()
      let isAdded = false
      for (let count = 0; count < others; count++) events.on('limit', () => {})
      events.on('limit', () => {
        if (!isAdded) events.on('limit', late)
        isAdded = true
      })
      events.emit('limit', limit())
      expect(late).not.toHaveBeenCalled()
      events.emit('limit', limit(2))
      expect(late.mock.calls).toEqual([[limit(2)]])
    }
  })

  test('behavior: a listener removed while emitting disturbs no other: all that were there get this one', () => {
    const events = createEvents()
    const seen: string[] = []
    const offs = ['a', 'b', 'c'].map((name) =>
      events.on('limit', () => {
        seen.push(name)
        if (name === 'a') for (const off of offs.slice(0, 2)) off()
      }),
    )
    events.emit('limit', limit())
    expect(seen).toEqual(['a', 'b', 'c'])
    events.emit('limit', limit())
    expect(seen).toEqual(['a', 'b', 'c', 'c'])
  })

  test('behavior: a listener may emit', () => {
    const events = createEvents()
    const seen: number[] = []
    events.on('limit', ({ cooldown }) => {
      seen.push(cooldown)
      if (cooldown < 3) events.emit('limit', limit(cooldown + 1))
    })
    events.emit('limit', limit())
    expect(seen).toEqual([1, 2, 3])
  })

  test('behavior: two emitters share nothing', () => {
    const [one, other] = [createEvents(), createEvents()]
    const listener = vi.fn()
    one.on('limit', listener)
    other.emit('limit', limit())
    expect(listener).not.toHaveBeenCalled()
  })
})
