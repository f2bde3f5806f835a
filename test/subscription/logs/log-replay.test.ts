// What a stream of logs has delivered, given again to whoever begins later.

import { expect, test } from 'vitest'
import { createDelivery } from '../../../src/subscription/logs/delivery'
import { replayOf } from '../../../src/subscription/logs/log-replay'
import { blockOf, hashOf, logOf } from '../blocks'

function setUp() {
  const delivery = createDelivery({ onItem() {}, onGap() {} })
  delivery.begin(blockOf(99))
  const ask = () => Promise.reject(new Error('Nobody is to be asked.'))
  return { delivery, replay: replayOf(delivery, { ofRange: ask } as never, { byNumber: ask } as never) }
}

test('default: what is remembered, and up to where', async () => {
  const { delivery, replay } = setUp()
  for (const number of [100, 101, 102]) delivery.give(blockOf(number), [logOf(number, 0)], true)
  const { items, upTo } = await replay(101)
  expect(items.map((item) => [item.type, 'number' in item && item.number])).toEqual([
    ['logs', 101],
    ['logs', 102],
    ['passed', 102],
  ])
  expect(upTo).toBe(102)
  expect(await replay(103)).toEqual({ items: [], upTo: 102 })
})

test('behavior: the cursor went back below what stands: that is given as well, once', async () => {
  const { delivery, replay } = setUp()
  for (const number of [100, 101]) delivery.give(blockOf(number), [logOf(number, 0)], true)
  delivery.takeBack({ number: 101, hash: hashOf(101, 1) })
  expect(delivery.cursor()?.number).toBe(100)
  for (const from of [100, 101]) {
    const { items, upTo } = await replay(from)
    expect(items.filter(({ type }) => type === 'logs')).toHaveLength(102 - from)
    expect(upTo).toBe(101)
  }
})
