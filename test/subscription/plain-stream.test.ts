// A stream without blocks: where it comes from while sockets come and go.

import { expect, test } from 'vitest'
import { networkError, rpcError } from '../support/errors'
import { createNodes } from './nodes'

/** Its socket is gone; a filter takes 3 s. */
function setUp() {
  const nodes = createNodes(1)
  nodes.become(1, 'waiting')
  const http = nodes.channel('p1', 'http')
  http.on('eth_newPendingTransactionFilter').reply('0x77', { after: 3_000 })
  http.on('eth_getFilterChanges').reply([])
  http.on('eth_uninstallFilter').reply(true)
  const one = nodes.subscribe(['newPendingTransactions'])
  return { ...nodes, http, one, state: () => nodes.status().subscriptions[0]?.state }
}

test('behavior: the socket is back while a filter is made: it is live, and the filter is uninstalled', async () => {
  const { clock, become, http, state } = setUp()
  await clock.advance(1_000)
  become(1, 'open')
  await clock.advance(20_000)
  expect([state(), http.count('eth_getFilterChanges'), http.count('eth_uninstallFilter')]).toEqual(['live', 0, 1])
})

test('behavior: the socket is back, and gone again, while a filter is made: one filter is polled, the other uninstalled', async () => {
  const { clock, become, http, state } = setUp()
  await clock.advance(1_000)
  become(1, 'open')
  await clock.settle()
  become(1, 'waiting')
  await clock.advance(20_000)
  const made = http.count('eth_newPendingTransactionFilter')
  expect([state(), made, http.count('eth_uninstallFilter')]).toEqual(['polling', 2, 1])
})

test('behavior: left while a filter is made, it is uninstalled, and nothing is left', async () => {
  const { clock, http, one } = setUp()
  http.on('eth_newPendingTransactionFilter').fail(networkError())
  await clock.advance(20_000)
  http.on('eth_newPendingTransactionFilter').reply('0x77', { after: 6_000 })
  await clock.advance(5_000)
  await one.unsubscribe()
  expect([http.count('eth_getFilterChanges'), http.count('eth_uninstallFilter')]).toEqual([0, 0])
  await clock.advance(20_000)
  const asked = [http.count('eth_getFilterChanges'), http.count('eth_uninstallFilter')]
  expect([asked, clock.pending.total]).toEqual([[0, 1], 0])
})

test('behavior: while no filter can be made, who subscribes waits for one', async () => {
  const { clock, http, one, state } = setUp()
  http.on('eth_newPendingTransactionFilter').fail(networkError())
  await clock.advance(5_000)
  expect([one.id, state()]).toEqual([undefined, 'opening'])
  http.on('eth_newPendingTransactionFilter').reply('0x77')
  await clock.advance(4_500)
  expect([typeof one.id, state()]).toEqual(['string', 'polling'])
})

test('behavior: no provider has a socket, or filters of pending transactions: it is refused', async () => {
  const { clock, subscribe, status, channel } = createNodes(1, { channels: ['http'] })
  channel('p1', 'http').on('eth_newPendingTransactionFilter').fail(rpcError(-32601, 'the method does not exist'))
  const one = subscribe(['newPendingTransactions'])
  await clock.advance(9_000)
  expect(one.error).toMatchObject({ code: -32601 })
  expect([status().subscriptions, clock.pending.after]).toEqual([[], 0])
})

test('behavior: one has no such filters, the other is down: it is waited for', async () => {
  const { clock, subscribe, status, channel, heal } = createNodes(2, {
    channels: ['http'],
    options: { waitForProvider: false },
  })
  channel('p1', 'http').on('eth_newPendingTransactionFilter').fail(rpcError(-32601, 'the method does not exist'))
  channel('p2', 'http').fail(networkError())
  const one = subscribe(['newPendingTransactions'])
  await clock.advance(60_000)
  expect([one.error, one.errors]).toEqual([undefined, []])
  heal(2)
  channel('p2', 'http').on('eth_newPendingTransactionFilter').reply('0x77')
  channel('p2', 'http').on('eth_getFilterChanges').reply([])
  await clock.advance(70_000)
  expect(status().subscriptions).toMatchObject([{ state: 'polling' }])
})
