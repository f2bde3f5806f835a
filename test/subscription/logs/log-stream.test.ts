// A stream of logs at its place: what a log that comes after the turn of its block says of the source.

import { describe, expect, test } from 'vitest'
import { createNodes, logsOf } from '../nodes'

describe('a log after the turn of its block', () => {
  /** The logs of a block are pushed apart. Returns how often logs were asked for at the end. */
  async function pushApart(isBetween: boolean) {
    const { clock, tree, mine, feed, channel, eventsOf, subscribe } = createNodes(1)
    const { seen } = subscribe(['logs', {}])
    subscribe()
    await clock.advance(100)
    const [block] = tree.mine(1)
    const [first, second] = logsOf(block!)
    feed(1).push(block!.raw)
    feed(1).push(first, 'logs')
    await clock.advance(100)
    expect(seen).toEqual(['101:0'])
    if (isBetween) await mine(1, 1)
    feed(1).push(second, 'logs')
    await mine(3, 1)
    await clock.advance(1_000)
    expect(seen.filter((name) => name.startsWith('101:'))).toEqual(['101:0', '101:1'])
    return {
      late: eventsOf('gap').length,
      asked: channel('p1', 'ws').count('eth_getLogs') + channel('p1', 'http').count('eth_getLogs'),
    }
  }

  test('behavior: nothing else has come since: the place is slow, and nothing is asked for', async () => {
    expect(await pushApart(false)).toEqual({ late: 0, asked: 0 })
  })

  test('behavior: another block has come in between: the source is not relied on', async () => {
    const { asked } = await pushApart(true)
    expect(asked).toBeGreaterThan(0)
  })
})
