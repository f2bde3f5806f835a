// The model chain: what is on it, before and after a reorg, and what a follower is told.

import { createPublicClient, createTestClient, createWalletClient, http } from 'viem'
import { describe, expect, test } from 'vitest'
import { startAnvil } from './anvil'
import { bloomOf, emptyBloom } from './bloom'
import { createChain } from './chain'
import { matchesLog, tokenA, tokenB, transferTopic } from './chain-block'
import { createFollower, logsOfChange } from './chain-follower'
import { createStandpoint } from './chain-standpoint'

const numbers = (list: readonly { number: number }[]) => list.map(({ number }) => number)

describe('createChain', () => {
  test('default: linked blocks, at their times, the same in every run', () => {
    const chain = createChain({ height: 5, blockTime: 2, startTime: 1_000 })
    chain.mine(2)
    expect([chain.head.number, chain.head.timestamp]).toEqual([7, 1_014])
    expect(chain.block(6)?.hash).toBe(chain.head.parentHash)
    expect(chain.block(chain.head.hash)).toBe(chain.head)
    expect([chain.block(8), chain.block(-1)]).toEqual([undefined, undefined])
    expect(createChain({ height: 7 }).head.hash).toBe(chain.head.hash)
    expect(createChain({ height: 7, seed: 'other' }).head.hash).not.toBe(chain.head.hash)
  })

  test('behavior: logs have a place, a bloom, and are found by range, address and topics', () => {
    const chain = createChain({ height: 10 })
    const [first, second] = chain.block(4)?.logs ?? []
    expect([first?.address, second?.address]).toEqual([tokenA, tokenB])
    expect(second).toMatchObject({ blockHash: chain.block(4)?.hash, blockNumber: 4, logIndex: 1, transactionIndex: 1 })
    expect(second?.transactionHash).toBe(chain.block(4)?.transactions[1]?.hash)
    expect(chain.getLogs({ fromBlock: 8, toBlock: 99 }).map((log) => log.blockNumber)).toEqual([8, 8, 9, 10, 10])
    const found = chain.getLogs({ fromBlock: 0, toBlock: 10, address: [tokenB], topics: [transferTopic] })
    expect(found.map((log) => log.blockNumber)).toEqual([0, 2, 4, 6, 8, 10])
    expect(matchesLog({ topics: [null, null, null, null] }, { address: tokenA, topics: [transferTopic] })).toBe(false)
    expect(createChain({ logs: () => [] }).head.logsBloom).toBe(emptyBloom)
  })

  test('behavior: a chain of 20 million blocks costs what is looked at', () => {
    const chain = createChain({ height: 20_000_000 })
    expect(chain.head.parentHash).toBe(chain.block(19_999_999)?.hash)
    expect(chain.block(3)?.parentHash).toBe(chain.block(2)?.hash)
  })

  test('behavior: a reorg replaces blocks, keeps what was sent, and orphans stay known by hash', () => {
    const chain = createChain({ height: 10 })
    const sent = { hash: `0x${'12'.repeat(32)}`, raw: '0x1234', from: tokenA, to: tokenB, nonce: 0 } as const
    chain.submit(sent)
    chain.submit(sent)
    const old = chain.mine(2)
    expect(chain.blockOf(sent.hash)?.number).toBe(11)
    const head = chain.reorg(2, { blocks: 3, logs: [] })
    expect([head.number, head.logs, chain.isCanonical(old)]).toEqual([13, [], false])
    expect(chain.block(old.hash)).toBe(old)
    expect(chain.block(11)?.parentHash).toBe(chain.block(10)?.hash)
    expect(chain.block(11)?.hash).not.toBe(old.parentHash)
    expect(chain.blockOf(sent.hash)?.hash).toBe(chain.block(11)?.hash)
    expect(chain.reorg(5, { blocks: 0 }).number).toBe(8)
    expect(chain.blockOf(sent.hash)).toBe(undefined)
    chain.mine()
    expect(chain.blockOf(sent.hash)?.number).toBe(9)
  })

  test('behavior: a fork shares the past, and neither sees what the other mines or reorgs from then on', () => {
    const chain = createChain({
      height: 10,
      logs: (_, branch) => (branch === 0 ? [{ address: tokenA, topics: [] }] : []),
    })
    const fork = chain.fork()
    expect([fork.head, fork.block(10)]).toEqual([chain.head, chain.head])
    chain.mine(2)
    fork.mine()
    expect(fork.head).toMatchObject({ number: 11, parentHash: chain.block(10)?.hash, logs: [] })
    expect(fork.head.hash).not.toBe(chain.block(11)?.hash)
    chain.reorg(4)
    expect(fork.block(9)).toBe(chain.block(chain.reorgs[0]?.[3]?.hash as `0x${string}`))
    expect([fork.isCanonical(chain.block(9)!), chain.isCanonical(fork.head)]).toEqual([false, false])
  })

  test('behavior: blocks shorter than a second share timestamps; blooms can be zero', () => {
    const chain = createChain({ height: 10, blockTime: 0.25, startTime: 1_000, hasBlooms: false })
    expect([7, 8, 9].map((number) => chain.block(number)?.timestamp)).toEqual([1_001, 1_002, 1_002])
    expect([chain.head.logs.length, chain.head.logsBloom]).toEqual([2, emptyBloom])
  })
})

describe('createStandpoint', () => {
  test('default: is the chain it stands on', () => {
    const chain = createChain({ height: 10 })
    const standpoint = createStandpoint(chain)
    const follower = createFollower(standpoint, () => standpoint.head.number)
    const heads: number[] = []
    const unfollow = standpoint.onChange(() => heads.push(standpoint.head.number))
    chain.mine(2)
    chain.reorg(1)
    unfollow()
    chain.mine()
    expect([standpoint.head, heads]).toEqual([chain.head, [11, 12, 12]])
    expect(numbers(follower.next().added)).toEqual([11, 12, 13])
    expect(standpoint.reorgs).toEqual(chain.reorgs)
    standpoint.leave()
  })

  test('behavior: moved to another branch, a follower is told a reorg; what the branch left behind does is no matter', () => {
    const chain = createChain({ height: 10 })
    const standpoint = createStandpoint(chain)
    const follower = createFollower(standpoint, () => standpoint.head.number)
    const stale = chain.fork()
    standpoint.moveTo(stale)
    expect(follower.next()).toEqual({ removed: [], added: [] })
    chain.reorg(2, { blocks: 4 })
    stale.mine()
    expect(numbers(follower.next().added)).toEqual([11])
    standpoint.moveTo(chain)
    stale.mine()
    const { removed, added } = follower.next()
    expect([numbers(removed), numbers(added)]).toEqual([
      [11, 10, 9],
      [9, 10, 11, 12],
    ])
    expect(added.at(-1)).toBe(chain.head)
  })
})

describe('createFollower', () => {
  test('default: what is new since the last look', () => {
    const chain = createChain({ height: 10 })
    const follower = createFollower(chain, () => chain.head.number)
    expect(follower.next()).toEqual({ removed: [], added: [] })
    chain.mine(2)
    expect(numbers(follower.next().added)).toEqual([11, 12])
    chain.reorg(1)
    chain.reorg(2, { blocks: 3 })
    const change = follower.next()
    expect([numbers(change.removed), numbers(change.added)]).toEqual([
      [12, 11],
      [11, 12, 13],
    ])
    const told = logsOfChange(change, { address: tokenA })
    expect(told.map(({ log, removed }) => [log.blockNumber, removed])).toEqual([
      [12, true],
      [11, true],
      [11, false],
      [12, false],
      [13, false],
    ])
  })

  test('behavior: one that lags sees nothing of a reorg above its head', () => {
    const chain = createChain({ height: 10 })
    const follower = createFollower(chain, () => chain.head.number - 3)
    chain.mine(2)
    chain.reorg(2)
    expect(numbers(follower.next().added)).toEqual([8, 9])
    chain.reorg(4, { blocks: 5 })
    const { removed, added } = follower.next()
    expect([numbers(removed), numbers(added)]).toEqual([[9], [9, 10]])
    expect(chain.isCanonical(added[0] as never)).toBe(true)
  })
})

describe('bloomOf', () => {
  test('default: as a real node computes it', async () => {
    await using anvil = await startAnvil()
    const transport = http(anvil.url)
    const [account] = await createWalletClient({ transport }).getAddresses()
    const client = createPublicClient({ transport })
    // PUSH1 0xaa, 0, 0, LOG1: emits one log while it is created.
    const data = '0x60aa60006000a100'
    const hash = await createWalletClient({ transport }).sendTransaction({ account: account!, chain: null, data })
    await createTestClient({ mode: 'anvil', transport }).mine({ blocks: 1 })
    const { logs, logsBloom } = await client.getTransactionReceipt({ hash })
    expect(logs).toHaveLength(1)
    expect(bloomOf(logs)).toBe(logsBloom)
  })
})
