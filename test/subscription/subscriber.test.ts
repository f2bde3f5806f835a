import { describe, expect, test } from 'vitest'
import type { Item } from '../../src/subscription/stream'
import type { SubscriberOptions } from '../../src/subscription/subscriber'
import { close, createSubscriber, fail, give } from '../../src/subscription/subscriber'
import { createManualClock } from '../support/manual-clock'

const item = (...results: unknown[]): Item => ({ type: 'plain', results })

function setUp(options: Partial<SubscriberOptions> = {}) {
  const clock = createManualClock()
  const told: unknown[] = []
  const stream = { cursor: () => undefined, replay: () => Promise.reject(new Error('not read here')) }
  const onEvent = (event: unknown) => void told.push(event)
  const read = ({ results }: Item) => results
  const given = { read, onEvent, onError: onEvent, patience: 10_000, interval: 1_000, ...options }
  return { clock, told, subscriber: createSubscriber(given, { clock, stream }, 0) }
}

describe('subscriber', () => {
  test('default: is told each result, with its id where it has one', () => {
    const [bare, named] = [setUp(), setUp({ subscription: '0x1' })]
    for (const { subscriber } of [bare, named]) give(subscriber, item('a', 'b'))
    expect(bare.told).toEqual(['a', 'b'])
    expect(named.told).toEqual([
      { subscription: '0x1', result: 'a' },
      { subscription: '0x1', result: 'b' },
    ])
  })

  test('behavior: one that throws is told the next one all the same', () => {
    const told: unknown[] = []
    const throwing = (event: unknown) => {
      told.push(event)
      throw new Error('its own affair')
    }
    const { subscriber } = setUp({ onEvent: throwing, onError: throwing })
    give(subscriber, item('a', 'b'))
    fail(subscriber, 'c')
    give(subscriber, item('d'))
    expect(told).toEqual(['a', 'b', 'c', 'd'])
  })

  test('behavior: its promise is waited for, up to its patience, and the order is kept', async () => {
    const told: unknown[] = []
    const releases: (() => void)[] = []
    const onEvent = (event: unknown) => {
      told.push(event)
      return new Promise<void>((resolve) => releases.push(resolve))
    }
    const { clock, subscriber } = setUp({ onEvent })
    give(subscriber, item('a', 'b'))
    give(subscriber, item('c'))
    await clock.advance(9_999)
    expect(told).toEqual(['a'])
    await clock.advance(1)
    expect(told).toEqual(['a', 'b'])
    releases[1]?.()
    await clock.advance(0)
    expect(told).toEqual(['a', 'b', 'c'])
  })

  test('behavior: closed while it is told something, it is told nothing more', async () => {
    const told: unknown[] = []
    const own = setUp({
      onEvent(event) {
        told.push(event)
        close(own.subscriber)
      },
    })
    give(own.subscriber, item('a', 'b'))
    give(own.subscriber, item('c'))
    fail(own.subscriber, 'd')
    await own.clock.advance(0)
    expect(told).toEqual(['a'])
  })
})
