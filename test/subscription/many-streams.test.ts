// What many streams of logs ask for at once, and that it stays within what a socket has room for.

import { describe, expect, test } from 'vitest'
import { createNodes } from './nodes'

const COUNT = 200
/** Reads at a time: of a range here, one call after the other. */
const MOST = 64

describe('many streams', () => {
  test('behavior: all lose their place at once: they read 64 at a time, and miss nothing', async () => {
    const { clock, channel, become, feed, heal, mine, subscribe } = createNodes(2)
    const filters = Array.from({ length: COUNT }, (_, index) => `0x${index.toString(16).padStart(40, '0')}`)
    const all = filters.map((address) => subscribe(['logs', { address }]))
    await clock.advance(1_000)
    await mine(1, 1, 2)
    await clock.advance(1_000)
    heal(2, 50)
    become(1, 'waiting')
    await mine(2)
    let most = 0
    for (let step = 0; step < 500; step++) {
      await clock.advance(10)
      most = Math.max(most, channel('p2', 'http').inFlight, channel('p2', 'ws').inFlight)
    }
    expect(feed(2).live.length).toBe(COUNT + 1)
    expect(most).toBe(MOST)
    const expected = [101, 102, 103].flatMap((number) => [`${number}:0`, `${number}:1`])
    for (const { seen, errors } of all) expect([seen, errors]).toEqual([expected, []])
  })
})
