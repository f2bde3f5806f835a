// What the proofs against real nodes stand on: nodes that agree, and a judge that sees what viem's own sockets lose.

import { createPublicClient, webSocket } from 'viem'
import { anvil as chain } from 'viem/chains'
import { expect, test } from 'vitest'
import { createTcpProxy } from '../support/tcp-proxy'
import { startChainNode } from './anvil-chain'
import { startWatchers } from './anvil-watchers'

/** viem's own socket: it gives what the node sends while the socket lives. */
function clientOf(url: string) {
  const client = createPublicClient({ chain, cacheTime: 0, transport: webSocket(url, { reconnect: false }) })
  return { client: client as any, close: async () => (await client.transport.getRpcClient()).close() }
}

test('two nodes that are given the same make the same blocks', async () => {
  const nodes = await Promise.all([startChainNode(), startChainNode()])
  for (const node of nodes) {
    await node.mine(1, 2)
    await node.mine()
    await node.mine(3)
    await node.reorg([4], [5, 6])
  }
  const [first, second] = await Promise.all(nodes.map((node) => node.truth()))
  expect(first).toEqual(second)
  expect(first?.heads.map(({ number }) => number)).toEqual([1n, 2n, 3n])
  expect(first?.logs.map(({ blockNumber }) => blockNumber)).toEqual([1n, 1n, 2n, 3n, 3n])
  await nodes[1]?.mine(7)
  expect((await nodes[1]?.truth(3n))?.heads).toHaveLength(1)
  await Promise.all(nodes.map(({ anvil }) => anvil.close()))
})

test('the judge sees nothing wrong with viem over a socket that lives', async () => {
  const node = await startChainNode()
  const { client, close } = clientOf(node.anvil.wsUrl)
  await node.mine(1)
  const watchers = await startWatchers(client, { hasStreams: false })
  for (const xs of [[2], [3, 4, 5], [6]]) await watchers.reached(await node.mine(...xs))
  expect(watchers.judge(await node.truth(1n))).toEqual({})
  expect(Object.keys(watchers.given.logs)).toEqual(['watchEvent', 'watchContractEvent', 'subscribe'])
  expect([watchers.given.logs.subscribe?.length, watchers.given.pending.length]).toEqual([5, 5])
  await watchers.stop()
  await close()
  await node.anvil.close()
})

test('the judge sees the orphans that nobody takes back', async () => {
  const node = await startChainNode()
  const { client, close } = clientOf(node.anvil.wsUrl)
  const watchers = await startWatchers(client, { hasStreams: false })
  for (const xs of [[1], [2]]) await watchers.reached(await node.mine(...xs))
  await watchers.reached(await node.reorg([3]))
  const wrong = watchers.judge(await node.truth())
  const said = [
    expect.stringMatching(/^#2: log 0 of block 2 .* was given while log 0 of block 2 .* was not taken back/),
    expect.stringMatching(/^ghost: log 0 of block 2 /),
  ]
  expect(wrong).toEqual({ 'logs of watchEvent': said, 'logs of watchContractEvent': said, 'logs of subscribe': said })
  await watchers.stop()
  await close()
  await node.anvil.close()
})

test('the judge sees what is lost when a socket dies', async () => {
  const node = await startChainNode()
  const proxy = await createTcpProxy(node.url)
  const [well, poor] = [clientOf(node.anvil.wsUrl), clientOf(proxy.wsUrl)]
  const watchers = await startWatchers(well.client, { hasStreams: false })
  const losers = await startWatchers(poor.client, { hasStreams: false })
  const first = await node.mine(1)
  await Promise.all([watchers.reached(first), losers.reached(first)])
  await proxy.kill()
  await watchers.reached(await node.mine(2))
  const truth = await node.truth()
  expect(watchers.judge(truth)).toEqual({})
  expect(losers.judge(truth)).toMatchObject({
    errors: expect.arrayContaining([expect.objectContaining({ name: 'SocketClosedError' })]),
    'heads of subscribe': [expect.stringMatching(/^lost: head 2 /)],
    'logs of watchEvent': [expect.stringMatching(/^lost: log 0 of block 2 /)],
    blocks: [expect.stringMatching(/^block 2: undefined, and not /)],
  })
  await Promise.all([well, poor].map(({ close }) => close()))
  await node.anvil.close()
  await proxy.close()
})
