// The breaker's other way to open: half of the attempts of a while.

import { describe, expect, test } from 'vitest'
import { setUpBreaker } from './breakers'

describe('the ratio', () => {
  test('default: opens when half of 20 attempts in the last 10 s were counted', () => {
    const { attempts, state } = setUpBreaker()
    for (let count = 0; count < 9; count++) {
      attempts(1, 'success')
      attempts(1, 'server-error')
    }
    attempts(1, 'success')
    expect(state()).toBe('closed')
    attempts(1, 'server-error')
    expect(state()).toBe('open')
  })

  test('behavior: below half it stays closed, however long', async () => {
    const { clock, attempts, state } = setUpBreaker()
    for (let count = 0; count < 1_000; count++) {
      attempts(2, 'success')
      attempts(1, 'server-error')
      await clock.advance(30)
    }
    expect(state()).toBe('closed')
  })

  test('behavior: old failures may not trip it an hour later', async () => {
    const { clock, attempts, state } = setUpBreaker({ failures: 100, networkFailures: 100 })
    attempts(19, 'server-error')
    await clock.advance(3_600_000)
    attempts(18, 'success')
    attempts(1, 'server-error')
    expect(state()).toBe('closed')
  })

  test('behavior: what neither counts nor succeeds is no attempt', () => {
    const { attempts, state } = setUpBreaker({ failures: 100, networkFailures: 100 })
    attempts(10, 'server-error')
    attempts(50, 'neutral')
    expect(state()).toBe('closed')
    attempts(10, 'server-error')
    expect(state()).toBe('open')
  })

  test('behavior: after it closed the window starts anew', async () => {
    const { clock, attempts, probe, state } = setUpBreaker({ failures: 100, networkFailures: 100, openFor: 10 })
    attempts(20, 'server-error')
    expect(state()).toBe('open')
    await clock.advance(10)
    probe('success')
    attempts(1, 'server-error')
    expect(state()).toBe('closed')
  })

  test('behavior: own ratio, window and minimum', async () => {
    const options = { failures: 100, ratio: 0.9, minimumAttempts: 10, window: 1_000 }
    const { clock, attempts, state } = setUpBreaker(options)
    attempts(2, 'success')
    attempts(17, 'server-error')
    expect(state()).toBe('closed')
    attempts(1, 'server-error')
    expect(state()).toBe('open')

    const slow = setUpBreaker(options)
    for (let count = 0; count < 40; count++) {
      slow.attempts(1, 'server-error')
      await slow.clock.advance(150)
    }
    expect(slow.state()).toBe('closed')
    expect(clock.pending.total).toBe(0)
  })
})
