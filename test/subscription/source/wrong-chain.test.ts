// A provider whose chain could not be asked for is used, and may turn out to be on another one while a stream is at it.

import { expect, test } from 'vitest'
import { createNodes } from '../nodes'

test('behavior: the stream leaves a provider that turns out to be on another chain, also a silent one, and misses nothing', async () => {
  const t = createNodes(2, { options: { chainId: 1, verifyChain: true } })
  for (const type of ['http', 'ws'] as const) t.channel('p2', type).on('eth_chainId').reply('0x1')
  const source = () => t.status().subscriptions[0]?.source
  await t.mine(1)
  const watcher = t.subscribe()
  await t.clock.advance(100)
  await t.mine(1, 1)
  expect([source(), watcher.seen]).toEqual([{ provider: 'p1', channel: 'ws' }, ['102']])
  for (const type of ['http', 'ws'] as const) t.channel('p1', type).on('eth_chainId').reply('0x2')
  await t.mine(1)
  await t.clock.advance(10_000)
  t.start('eth_blockNumber')
  await t.clock.advance(100)
  expect(source()).toEqual({ provider: 'p2', channel: 'ws' })
  await t.mine(1, 2)
  await t.clock.advance(100)
  expect(watcher.seen).toEqual(['102', '103', '104'])
})
