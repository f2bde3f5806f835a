// A question that is repeated while it is wanted.

import { describe, expect, test } from 'vitest'
import { createPoller } from '../../../src/subscription/source/poller'
import { createManualClock } from '../../support/manual-clock'

function setUp() {
  const clock = createManualClock()
  const asked: number[] = []
  let answer: () => Promise<void> = async () => {}
  let interval = 1_000
  const poller = createPoller(
    clock,
    () => {
      asked.push(clock.now())
      return answer()
    },
    () => interval,
  )
  return {
    clock,
    asked,
    poller,
    answerBy(next: typeof answer) {
      answer = next
    },
    every(ms: number) {
      interval = ms
    },
  }
}

describe('poller', () => {
  test('default: at once, then once an interval', async () => {
    const { clock, asked, poller } = setUp()
    poller.start()
    poller.start()
    await clock.advance(2_500)
    expect([asked, poller.isRunning()]).toEqual([[0, 1_000, 2_000], true])
  })

  test('behavior: the interval is from question to question; the next one waits for the answer', async () => {
    const { clock, asked, poller, answerBy } = setUp()
    answerBy(() => new Promise((resolve) => void clock.after(asked.length === 1 ? 300 : 1_700, resolve)))
    poller.start()
    await clock.advance(4_000)
    expect(asked).toEqual([0, 1_000, 2_700])
  })

  test('behavior: the interval is asked for each time', async () => {
    const { clock, asked, poller, every } = setUp()
    poller.start()
    await clock.settle()
    every(500)
    await clock.advance(2_000)
    expect(asked).toEqual([0, 1_000, 1_500, 2_000])
  })

  test('behavior: stopped, nothing is asked and no timer is left', async () => {
    const { clock, asked, poller } = setUp()
    poller.start()
    await clock.advance(1_500)
    poller.stop()
    await clock.advance(5_000)
    expect([asked, poller.isRunning(), clock.pending.total]).toEqual([[0, 1_000], false, 0])
  })

  test('behavior: stopped and started while it waits for an answer, one loop goes on', async () => {
    const { clock, asked, poller, answerBy } = setUp()
    answerBy(() => new Promise((resolve) => void clock.after(700, resolve)))
    poller.start()
    await clock.advance(100)
    poller.stop()
    poller.start()
    await clock.advance(2_000)
    expect(asked).toEqual([0, 100, 1_100, 2_100])
  })
})
