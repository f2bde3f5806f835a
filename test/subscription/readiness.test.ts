import { describe, expect, test } from 'vitest'
import { createReadiness } from '../../src/subscription/readiness'
import { createManualClock } from '../support/manual-clock'

function setUp() {
  const clock = createManualClock()
  return { clock, readiness: createReadiness(clock) }
}

describe('createReadiness', () => {
  test('default: nobody waits once it is ready', async () => {
    const { readiness } = setUp()
    const first = readiness.wait(1_000)
    expect(first).toBeInstanceOf(Promise)
    readiness.open()
    await first
    expect(readiness.wait(1_000)).toBe(undefined)
  })

  test('behavior: it is waited for until the end of the time and no longer; who comes later has an end of its own', async () => {
    const { clock, readiness } = setUp()
    const ended: string[] = []
    void readiness.wait(1_000)?.then(() => ended.push('first'))
    await clock.advance(500)
    void readiness.wait(1_000)?.then(() => ended.push('second'))
    await clock.advance(499)
    expect(ended).toEqual([])
    await clock.advance(1)
    expect(ended).toEqual(['first'])
    await clock.advance(500)
    expect(ended).toEqual(['first', 'second'])
  })

  test('behavior: who comes later and waits less does not wait as long as who came first', async () => {
    const { clock, readiness } = setUp()
    const ended: string[] = []
    void readiness.wait(1_000)?.then(() => ended.push('first'))
    void readiness.wait(500)?.then(() => ended.push('second'))
    await clock.advance(500)
    expect(ended).toEqual(['second'])
  })

  test('error: what will never be ready', async () => {
    const { readiness } = setUp()
    const [limited, unlimited] = [readiness.wait(1_000), readiness.wait(Infinity)]
    readiness.refuse(new Error('nobody serves it'))
    await expect(limited).rejects.toThrow('nobody serves it')
    await expect(unlimited).rejects.toThrow('nobody serves it')
    await expect(readiness.wait(1_000)).rejects.toThrow('nobody serves it')
  })

  test('behavior: what would never be ready, and is: who comes then does not hear that nobody serves it', () => {
    const { readiness } = setUp()
    readiness.refuse(new Error('nobody serves it'))
    readiness.open()
    expect(readiness.wait(1_000)).toBe(undefined)
  })
})
