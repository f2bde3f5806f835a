// Filters and viem's polling watchers over failover(), with a real node that is reorganised, set back and started again. The
// node's own filters would take nothing back, or be gone: what is right is the node's chain.

import type { Hex } from 'viem'
import { expect, test } from 'vitest'
import type { ChainNode } from './anvil-chain'
import { contract } from './anvil-chain'
import type { Scene } from './anvil-scene'
import { startScene } from './anvil-scene'
import { probeAbi, probeCode } from './contracts'

const OPTIONS = { ways: 'http', subscriptions: false } as const
const event = probeAbi[7]

const tell = ({ topics, removed }: { topics: readonly Hex[]; removed: boolean }) =>
  Number(topics[1]) * (removed ? -1 : 1)

/** Events as they come, with a minus if they are taken back: of a watcher, and of filters polled as they are asked. */
async function follow({ client }: Scene) {
  const watched: number[] = []
  const errors: unknown[] = []
  let check = () => {}
  const created = new Promise<void>((resolve) => {
    client.transport.on('request', ({ method }) => method === 'eth_newFilter' && resolve())
  })
  const stop = client.watchEvent({
    address: contract,
    event,
    onLogs(logs) {
      watched.push(...logs.map(tell))
      check()
    },
    onError: (error) => errors.push(error),
  })
  await created
  const filter = await client.createEventFilter({ address: contract, event })
  const blocks = await client.createBlockFilter()
  return {
    watched,
    errors,
    stop,
    until: (count: number) =>
      new Promise<void>((resolve) => {
        check = () => watched.length >= count && resolve()
        check()
      }),
    events: async () => (await client.getFilterChanges({ filter })).map(tell),
    blocks: () => client.getFilterChanges({ filter: blocks }),
  }
}

async function hashesOf(node: ChainNode, after: bigint) {
  return (await node.truth(after)).heads.map(({ hash }) => hash)
}

test('default: a poll over several new blocks is a look at the head and one for logs', async () => {
  await using scene = await startScene(OPTIONS)
  const filter = await scene.client.createEventFilter({ address: contract, event })
  const poll = async () => (await scene.client.getFilterChanges({ filter })).map(tell)
  await scene.mine(1)
  expect(await poll()).toEqual([1])
  for (const count of [1, 0, 2]) await scene.mine(count)
  const calls: string[] = []
  scene.client.transport.on('attempt', ({ method, hedged }) => {
    if (!hedged) calls.push(method)
  })
  expect(await poll()).toEqual([2, 3, 4])
  expect(calls).toEqual(['eth_getBlockByNumber', 'eth_getLogs'])
})

test('behavior: a reorg of the same height', async () => {
  await using scene = await startScene(OPTIONS)
  const { watched, errors, stop, until, events, blocks } = await follow(scene)
  for (const count of [1, 2, 0, 1]) await scene.mine(count)
  await until(4)
  expect([await events(), await blocks()]).toEqual([[1, 2, 3, 4], await hashesOf(scene.node, 0n)])
  await scene.node.reorg(scene.events(1), [], scene.events(2))
  await until(10)
  expect(watched).toEqual([1, 2, 3, 4, -4, -3, -2, 5, 6, 7])
  expect([await events(), await blocks()]).toEqual([[-4, -3, -2, 5, 6, 7], await hashesOf(scene.node, 1n)])
  await scene.mine(1)
  await until(11)
  expect([watched.at(-1), await events(), await blocks()]).toEqual([8, [8], await hashesOf(scene.node, 4n)])
  stop()
  expect(errors).toEqual([])
})

test.each(['behind our back', 'through us'])(
  'behavior: set back %s, then grown again below the old height',
  async (way) => {
    await using scene = await startScene(OPTIONS)
    const { watched, errors, stop, until, events, blocks } = await follow(scene)
    await scene.mine(1)
    const snapshot = await scene.node.rpc('evm_snapshot')
    for (let block = 0; block < 4; block++) await scene.mine(1)
    await until(5)
    expect([await events(), (await blocks()).length]).toEqual([[1, 2, 3, 4, 5], 5])
    if (way === 'through us') await scene.client.request({ method: 'evm_revert', params: [snapshot] } as never)
    else await scene.node.rpc('evm_revert', [snapshot])
    await until(9)
    await scene.mine(1)
    await until(10)
    expect(watched).toEqual([1, 2, 3, 4, 5, -5, -4, -3, -2, 6])
    expect([await events(), await blocks()]).toEqual([[-5, -4, -3, -2, 6], await hashesOf(scene.node, 1n)])
    stop()
    expect(errors).toEqual([])
  },
)

test('behavior: reset to nothing', async () => {
  await using scene = await startScene(OPTIONS)
  const { watched, errors, stop, until } = await follow(scene)
  for (let block = 0; block < 3; block++) await scene.mine(1)
  await until(3)
  await scene.client.request({ method: 'anvil_reset', params: [] } as never)
  await until(6)
  await scene.node.rpc('anvil_setCode', [contract, probeCode])
  await scene.mine(1)
  await until(7)
  expect(watched).toEqual([1, 2, 3, -3, -2, -1, 4])
  stop()
  expect(errors).toEqual([])
})

test('behavior: the node is started again: all that the new chain has is told', async () => {
  await using scene = await startScene(OPTIONS)
  const { watched, stop, until } = await follow(scene)
  for (let block = 0; block < 3; block++) await scene.mine(1)
  await until(3)
  await scene.restart(0)
  for (let block = 0; block < 2; block++) await scene.mine(1)
  await until(8)
  expect(watched).toEqual([1, 2, 3, -3, -2, -1, 4, 5])
  stop()
})

test('behavior: the owner dies during a reorg, and the next one in the next', async () => {
  await using scene = await startScene(OPTIONS)
  const { watched, stop, until } = await follow(scene)
  for (let block = 0; block < 3; block++) await scene.mine(1)
  await until(3)
  await scene.p1.kill()
  await scene.node.reorg(scene.events(1), scene.events(1))
  // At equal height the branch of one that is gone is not given up for that of another.
  await scene.mine(1)
  await until(8)
  await scene.p1.revive()
  await scene.p2.kill()
  await scene.node.reorg([], [], scene.events(1))
  await scene.mine(1)
  await until(13)
  expect(watched).toEqual([1, 2, 3, -3, -2, 4, 5, 6, -6, -5, -4, 7, 8])
  stop()
})
