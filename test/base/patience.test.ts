import { describe, expect, test } from 'vitest'
import { createPatience } from '../../src/base/patience'
import { createManualClock } from '../support/manual-clock'

describe('createPatience', () => {
  test('default: each try costs the time that it took', async () => {
    const clock = createManualClock()
    const patience = createPatience(clock, 30_000)
    await clock.advance(10_000)
    expect(patience.left()).toBe(20_000)
    await clock.advance(12_000)
    expect(patience.left()).toBe(8_000)
    await clock.advance(8_001)
    expect(patience.left()).toBe(-1)
  })

  test('behavior: a sleep of ours costs half of it, however long it was', async () => {
    const clock = createManualClock()
    const patience = createPatience(clock, 30_000)
    await clock.advance(1_000)
    expect(patience.left()).toBe(29_000)
    await clock.jump(600_000)
    expect(patience.left()).toBe(14_000)
  })
})
