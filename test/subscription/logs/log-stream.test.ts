// A stream of logs at its place: what a log that comes after the turn of its block says of the source.

import { describe, expect, test } from 'vitest'
import type { Block } from '../../../src/subscription/block'
import type { RpcRequest } from '../../../src/types'
import { networkError, rpcError } from '../../support/errors'
import { createNodes, logsOf, settle } from '../nodes'

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

test('behavior: what the filter does not ask for is not given, and says nothing of the source', async () => {
  const { clock, tree, feed, subscribe, channel } = createNodes(1)
  const { seen } = subscribe(['logs', {}])
  subscribe()
  await clock.advance(100)
  const [block] = tree.mine(1) as [Block]
  const [first, second] = logsOf(block)
  feed(1).push(block.raw)
  for (const log of [first, { ...first, topics: null }, { ...second, address: null }, second]) feed(1).push(log, 'logs')
  await clock.advance(1_000)
  expect([seen, channel('p1', 'ws').count('eth_getLogs')]).toEqual([['101:0', '101:1'], 0])
})

describe('a source that has no logs of blocks whose blooms say yes', () => {
  const logsBloom = `0x${'0f'.repeat(256)}`

  /** As many blocks of it. @param isAlone whether the other provider has logs of them */
  async function readFromBlind(blocks: number, isAlone: boolean) {
    const { clock, tree, feed, channel, answer, subscribe } = createNodes(2)
    for (const id of isAlone ? ['p1'] : ['p1', 'p2'])
      for (const type of ['http', 'ws'] as const)
        channel(id, type).reply((asked: RpcRequest) => (asked.method === 'eth_getLogs' ? [] : answer(id, asked)))
    const { seen, errors } = subscribe(['logs', {}])
    subscribe()
    await clock.advance(100)
    for (const { raw } of tree.mine(blocks)) {
      feed(1).push({ ...raw, logsBloom })
      await clock.advance(1_000)
    }
    return {
      seen,
      errors,
      asked: channel('p2', 'http').count('eth_getLogs') + channel('p2', 'ws').count('eth_getLogs'),
    }
  }

  test('behavior: another provider has some: nothing is missing, and it is not asked for logs any more', async () => {
    const { seen, errors } = await readFromBlind(10, true)
    const all = Array.from({ length: 10 }, (_, index) => [`${101 + index}:0`, `${101 + index}:1`])
    expect([[...settle(seen)].sort(), errors]).toEqual([all.flat(), []])
  })

  test('behavior: nobody has any: another one is asked less and less often', async () => {
    const { seen, asked } = await readFromBlind(50, false)
    // After 3, 6, 12, 24.
    expect([seen, asked]).toEqual([[], 4])
  })

  /** Providers without sockets, whose blooms all say yes. */
  function createPolled(count = 2) {
    const nodes = createNodes(count, { channels: ['http'] })
    /** @param logs what it says of logs, where that is not what there is */
    function reply(id: string, logs?: () => unknown) {
      nodes.channel(id, 'http').reply((asked: RpcRequest) => {
        if (logs && asked.method === 'eth_getLogs') return logs()
        const value = nodes.answer(id, asked)
        return asked.method.startsWith('eth_getBlock') && value ? { ...value, logsBloom } : value
      })
    }
    return { ...nodes, reply }
  }

  test.each(['eth_getLogs', 'anything'])(
    'behavior: the other one does not answer %s any more: the first one, which has logs by now, is asked again',
    async (what) => {
      const { clock, tree, channel, reply, subscribe } = createPolled()
      reply('p1', () => [])
      reply('p2')
      const { seen, errors } = subscribe(['logs', {}])
      subscribe()
      await clock.advance(3_000)
      for (let count = 0; count < 5; count++) {
        tree.mine(1)
        await clock.advance(2_000)
      }
      expect(seen).toContain('104:0')
      reply('p1')
      const fail = () => {
        throw networkError()
      }
      if (what === 'anything') channel('p2', 'http').reply(fail)
      else reply('p2', fail)
      for (let count = 0; count < 30; count++) {
        tree.mine(1)
        await clock.advance(2_000)
      }
      await clock.advance(10_000)
      const due = Array.from({ length: 30 }, (_, index) => [`${106 + index}:0`, `${106 + index}:1`]).flat()
      expect([due.filter((name) => !seen.includes(name)), errors]).toEqual([[], []])
    },
  )

  test('behavior: it answers in the place of the one that has the heads: it is the one that is not asked any more', async () => {
    const { clock, tree, channel, reply, subscribe } = createPolled(3)
    reply('p1', () => {
      throw rpcError(-32601, 'the method eth_getLogs does not exist')
    })
    reply('p2', () => [])
    reply('p3')
    const { seen, errors } = subscribe(['logs', {}])
    subscribe()
    await clock.advance(3_000)
    for (let count = 0; count < 30; count++) {
      tree.mine(1)
      await clock.advance(2_000)
    }
    await clock.advance(10_000)
    const due = Array.from({ length: 20 }, (_, index) => [`${111 + index}:0`, `${111 + index}:1`]).flat()
    expect([due.filter((name) => !seen.includes(name)), errors]).toEqual([[], []])
    expect(channel('p2', 'http').count('eth_getLogs')).toBeLessThan(10)
  })

  test('behavior: the other one hangs: it is not waited for', async () => {
    const { clock, tree, reply, subscribe, engine } = createPolled()
    reply('p1', () => [])
    reply('p2', () => new Promise(() => {}))
    subscribe(['logs', {}])
    subscribe()
    await clock.advance(3_000)
    for (let count = 0; count < 10; count++) {
      const [block] = tree.mine(1)
      await clock.advance(2_000)
      const { cursor } = engine.status().subscriptions.find(({ key }) => key.startsWith('logs')) ?? {}
      expect(cursor).toBe(block?.number)
      await clock.advance(10_000)
    }
  })
})

test('behavior: polled, where logs are not given by block hash: they are read by number, and the hash is asked for once', async () => {
  const { channel, answer, tree, clock, subscribe } = createNodes(1, { channels: ['http'] })
  const isByHash = ({ method, params }: RpcRequest) =>
    method === 'eth_getLogs' && 'blockHash' in ((params as [object])[0] as object)
  channel('p1', 'http').reply((asked: RpcRequest) => {
    if (isByHash(asked)) throw rpcError(-32602, 'invalid argument 0: unknown field "blockHash"')
    return answer('p1', asked)
  })
  const { seen, errors } = subscribe(['logs', {}])
  await clock.advance(3_000)
  for (let count = 0; count < 5; count++) {
    tree.mine(1)
    await clock.advance(4_000)
  }
  expect(seen).toEqual([101, 102, 103, 104, 105].flatMap((number) => [`${number}:0`, `${number}:1`]))
  expect([errors, channel('p1', 'http').calls.filter(isByHash).length]).toEqual([[], 1])
})

describe('polled, where blooms deny', () => {
  const logsBloom = `0x${'1'.padEnd(512, '0')}`
  const address = '0x00000000000000000000000000000000000000aa'

  function createDenying(hasLogs: boolean) {
    const nodes = createNodes(1, { channels: ['http'] })
    const { channel, answer, tree, clock, subscribe } = nodes
    channel('p1', 'http').reply((asked: RpcRequest) => {
      if (asked.method === 'eth_getLogs' && !hasLogs) return []
      const value = answer('p1', asked)
      return asked.method.startsWith('eth_getBlock') && value ? { ...value, logsBloom } : value
    })
    const watcher = subscribe(['logs', { address }])
    subscribe()
    async function mine(blocks: number) {
      for (let count = 0; count < blocks; count++) {
        tree.mine(1)
        await clock.advance(2_000)
      }
    }
    return { ...nodes, ...watcher, mine }
  }

  // As at chains where some logs are made beside the transactions, and no bloom tells of them.
  test('behavior: logs that are there all the same are found, and from then on asked for at once', async () => {
    const { seen, errors, clock, mine } = createDenying(true)
    await clock.advance(3_000)
    await mine(12)
    expect([...settle(seen)].sort().slice(0, 4)).toEqual(['101:0', '101:1', '102:0', '102:1'])
    await mine(5)
    const all = Array.from({ length: 17 }, (_, index) => [`${101 + index}:0`, `${101 + index}:1`])
    expect([[...settle(seen)].sort(), errors]).toEqual([all.flat(), []])
  })

  test('behavior: where there are none, that costs a look a minute', async () => {
    const { seen, clock, channel, mine } = createDenying(false)
    await clock.advance(3_000)
    await mine(90)
    expect([seen, channel('p1', 'http').count('eth_getLogs')]).toEqual([[], 3])
  })
})
