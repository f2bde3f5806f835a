// What a read of logs vouches for: an empty answer about a range may come from another branch.

import { describe, expect, test } from 'vitest'
import { within } from '../../../src/base/clock'
import { createGate } from '../../../src/base/gate'
import type { Backfill } from '../../../src/subscription/backfill'
import { createBackfill } from '../../../src/subscription/backfill'
import { createLogReads } from '../../../src/subscription/logs/log-reads'
import type { Chain } from '../../support/chain'
import { createChain } from '../../support/chain'
import { tokenA } from '../../support/chain-block'
import { createManualClock } from '../../support/manual-clock'
import { createNode } from '../../support/node'

/** Reads that each provider answers from its own chain. @param patience times that one is asked again for what it lacks */
function readsOf(chains: Record<string, Chain>, patience = 0) {
  const clock = createManualClock()
  const asked: string[] = []
  const backfill = createBackfill(
    async ({ method, params }, { provider = Object.keys(chains)[0] as string, exclude }) => {
      const by = exclude?.includes(provider)
        ? (Object.keys(chains).find((id) => !exclude.includes(id)) as string)
        : provider
      asked.push(`${by} ${method}`)
      const answer = () => {
        const chain = chains[by] as Chain
        const headOf = () => chain.head.number
        return createNode({ chain, headOf, onPending() {} }).answer(method, params as any[], {
          head: headOf(),
          chainId: 1,
        })
      }
      let value = answer()
      let attempts = 1
      for (; value === null && attempts <= patience; attempts++) value = answer()
      return { value, provider: by, attempts }
    },
  )
  return { asked, reads: createLogReads(clock, createGate(1), backfill, { address: tokenA }) }
}

function blocksOf(chain: Chain, from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const { number, hash } = chain.block(from + index) as { number: number; hash: string }
    return { number, hash, provider: 'p1' }
  })
}

const one = [{ address: tokenA, topics: [] }] as const

describe('ofBlocks', () => {
  test('default: blocks up to the last one of which there are logs are known to have no more', async () => {
    const chain = createChain({ height: 100, logs: (number) => (number === 102 ? one : []) })
    chain.mine(4)
    const { reads } = readsOf({ p1: chain })
    const [b101, b102, b103, b104] = blocksOf(chain, 101, 104)
    const found = await reads.ofBlocks([b101!, b102!, b103!, b104!], 'backfill')
    expect([b101, b102, b103, b104].map((block) => found.get(block!.hash)?.length)).toEqual([
      0,
      1,
      undefined,
      undefined,
    ])
  })

  test('behavior: an answer from a branch without logs vouches for nothing', async () => {
    const chain = createChain({ height: 100, logs: (_, branch) => (branch === 0 ? one : []) })
    chain.mine(4)
    const blocks = blocksOf(chain, 101, 104)
    chain.reorg(4)
    const { reads } = readsOf({ p1: chain })
    expect(await reads.ofBlocks(blocks, 'backfill')).toEqual(new Map())
  })
})

describe('ofRange', () => {
  test('behavior: with the hash of its end, an answer from another branch is none, and the next provider is asked', async () => {
    const chain = createChain({ height: 100, logs: (_, branch) => (branch === 0 ? one : []) })
    const stale = chain.fork()
    stale.reorg(2)
    stale.mine()
    chain.mine()
    const { reads, asked } = readsOf({ p1: stale, p2: chain })
    const end = chain.head
    const found = await reads.ofRange(99, end.number, 'p1', 'verify', end.hash)
    expect(found.map(({ number }) => number)).toEqual([99, 100, 101])
    expect(asked.filter((call) => call.endsWith('eth_getLogs'))).toEqual(['p1 eth_getLogs', 'p2 eth_getLogs'])
  })

  test('behavior: one that comes back to our branch while it is asked is not believed for its earlier logs', async () => {
    const chain = createChain({ height: 100, logs: (_, branch) => (branch === 0 ? one : []) })
    const stale = chain.fork()
    stale.reorg(2)
    stale.mine()
    chain.mine()
    let answers = 0
    const chains = {
      p1: stale,
      get p2() {
        return answers++ < 2 ? stale : chain
      },
      p3: chain,
    }
    const { reads, asked } = readsOf(chains)
    const end = chain.head
    const found = await reads.ofRange(99, end.number, 'p1', 'verify', end.hash)
    expect(found.map(({ number }) => number)).toEqual([99, 100, 101])
    expect(asked.filter((call) => call.endsWith('eth_getLogs'))).toEqual(['p1 eth_getLogs', 'p3 eth_getLogs'])
  })
})

describe('a provider that goes back behind what it has shown', () => {
  test('behavior: it is not believed that there is nothing, also if it catches up while it is asked again', async () => {
    const behind = createChain({ height: 100, logs: () => one })
    const chain = behind.fork()
    chain.mine()
    let answers = 0
    const chains = {
      get p1() {
        return answers++ < 3 ? behind : chain
      },
    }
    const { reads } = readsOf(chains)
    const { number, hash } = chain.head
    const read = () =>
      reads.ofRange(number, number, 'p1', 'verify', hash).then(
        (found) => found.map((block) => block.number),
        () => 'nothing that can be relied on',
      )
    expect([await read(), await read(), await read()]).toEqual([
      'nothing that can be relied on',
      'nothing that can be relied on',
      [101],
    ])
  })
})

describe('a provider that is waited for until it has the end of the range', () => {
  test('behavior: it may have lacked it when it gave the logs, which are read again', async () => {
    const behind = createChain({ height: 100, logs: () => one })
    const chain = behind.fork()
    chain.mine()
    let answers = 0
    const chains = {
      get p1() {
        return answers++ < 2 ? behind : chain
      },
    }
    const { reads } = readsOf(chains, 3)
    const { number, hash } = chain.head
    const read = () => reads.ofRange(number, number, 'p1', 'backfill', hash)
    const found = await reads.untilDone(read, 0).catch(() => undefined)
    expect(found).toBe(undefined)
    expect((await read()).map((block) => block.number)).toEqual([101])
  })
})

describe('untilDone', () => {
  test('behavior: what a sleep has cut short is tried again, not reported as missing', async () => {
    const clock = createManualClock()
    const reads = createLogReads(clock, createGate(1), {} as Backfill, {})
    const tries: number[] = []
    const found = reads.untilDone(async () => {
      tries.push(clock.now())
      if (tries.length < 3) throw new Error('Nobody can be reached.')
      return 'the logs'
    }, 30_000)
    await clock.settle()
    await clock.jump(600_000)
    await clock.advance(1_000)
    expect(await found).toBe('the logs')
    expect(tries).toEqual([0, 600_000, 600_200])
  })

  test('behavior: a limit that passed in a sleep is not the end of it', async () => {
    const clock = createManualClock()
    const reads = createLogReads(clock, createGate(1), {} as Backfill, {})
    let isAsleep = true
    const read = () => within(clock, 30_000, isAsleep ? new Promise<string>(() => {}) : Promise.resolve('the logs'))
    const found = reads.untilDone(read, 30_000)
    await clock.settle()
    isAsleep = false
    await clock.jump(600_000)
    await clock.advance(1_000)
    expect(await found).toBe('the logs')
  })

  test('behavior: it is given up when it was tried for so long', async () => {
    const clock = createManualClock()
    const reads = createLogReads(clock, createGate(1), {} as Backfill, {})
    let tries = 0
    const found = reads.untilDone(async () => {
      tries++
      throw new Error('Nobody can be reached.')
    }, 30_000)
    await clock.advance(30_000)
    expect(await found).toBe(undefined)
    expect(tries).toBeGreaterThan(10)
  })
})
