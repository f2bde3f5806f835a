// Where a stream begins, and from when on it says that it is there.

import { describe, expect, test } from 'vitest'
import type { Planner } from '../../src/request/route/plan'
import type { Block } from '../../src/subscription/block'
import type { LogsOfBlock } from '../../src/subscription/items'
import type { RpcRequest } from '../../src/types'
import { networkError, rpcError } from '../support/errors'
import { nameOf } from './blocks'
import { createNodes, logsOf, settle } from './nodes'

/** How a stream of logs is shown, and the height of the chain at that moment. */
function setUp(...given: Parameters<typeof createNodes>) {
  const nodes = createNodes(...given)
  const states: string[] = []
  nodes.engine.events.on('subscription', ({ to }) => states.push(`${to} at ${nodes.tree.head().number}`))
  return { ...nodes, states }
}

describe('a stream of logs', () => {
  test('behavior: its source confirms it, and is lost before it says how far the chain is: it begins with what can be asked next, and is live from then on', async () => {
    const { clock, feed, channel, tree, become, heal, subscribe, states } = setUp(1)
    feed(1).hang()
    channel('p1', 'http').fail(networkError())
    const one = subscribe(['logs', {}])
    await clock.settle()
    expect([feed(1).live.length, states]).toEqual([1, []])
    become(1, 'waiting')
    tree.mine(3)
    await clock.advance(1_500)
    expect(states).toEqual([])
    tree.mine(1)
    heal(1)
    await clock.advance(10_000)
    expect([states, one.seen]).toEqual([['polling at 104'], []])
    tree.mine(1)
    await clock.advance(10_000)
    expect(one.seen).toEqual(['105:0', '105:1'])
  })

  test('behavior: its source cannot say how far the chain is, and pushes: it begins with the first log', async () => {
    const { clock, feed, channel, mine, subscribe, states } = setUp(1)
    for (const type of ['http', 'ws'] as const) channel('p1', type).hang()
    const one = subscribe(['logs', {}])
    await clock.settle()
    expect([feed(1).live.length, states]).toEqual([1, []])
    await mine(2, 1)
    await clock.advance(100)
    expect([states, one.seen]).toEqual([['live at 102'], ['101:0', '101:1', '102:0', '102:1']])
  })

  test('behavior: somebody is told how far it is, and no logs come: every 100 blocks, and what is confirmed, as the heads come', async () => {
    const { clock, engine, face, tree, feed } = setUp(1)
    const numbers: bigint[] = []
    const read = async (address: `0x${string}`, confirmations: number) => {
      for await (const { number } of engine.subscriptions.logs(face, { address }, { confirmations }))
        numbers.push(number)
    }
    const ended = read(`0x${'99'.repeat(20)}`, 2).catch(({ name }) => name)
    await clock.settle()
    expect(feed(1).subscribed.map(([kind]) => kind)).toEqual(['logs', 'newHeads'])
    for (const block of tree.mine(203)) feed(1).push(block.raw)
    await clock.advance(100)
    expect(numbers).toEqual([201n, 301n])
    await engine.close()
    expect(await ended).toBe('TransportClosedError')
  })

  test('behavior: somebody reads the past while nobody can be reached: once somebody can, nothing of it is missing', async () => {
    const { clock, engine, face, feed, channel, tree, become, heal } = setUp(1)
    become(1, 'waiting')
    channel('p1', 'http').fail(networkError())
    feed(1).fail(networkError())
    tree.mine(5)
    const numbers: bigint[] = []
    const stream = engine.subscriptions.logs(face, {}, { fromBlock: 102n })
    void (async () => {
      for await (const { number } of stream) numbers.push(number)
    })()
    await clock.advance(20_000)
    heal(1)
    await clock.advance(60_000)
    expect(numbers).toEqual([102n, 103n, 104n, 105n])
    await stream.return?.()
  })

  test('behavior: the past is read in many pieces, where more calls than the provider takes a second: what it gave so far is not lost', async () => {
    const { clock, engine, face, channel, tree, answer } = setUp(1, { channels: ['ws'] })
    tree.mine(1_000)
    const calls: number[] = []
    let pieces = 0
    channel('p1', 'ws').reply((asked: RpcRequest) => {
      if (calls.filter((at) => at > clock.now() - 1_000).length >= 10) throw rpcError(-32005, 'rate limit exceeded')
      calls.push(clock.now())
      if (asked.method !== 'eth_getLogs') return answer('p1', asked)
      const [{ fromBlock, toBlock }] = asked.params as [{ fromBlock: string; toBlock: string }]
      if (Number(toBlock) - Number(fromBlock) >= 10) throw rpcError(-32602, 'query exceeds max block range 10')
      pieces++
      return answer('p1', asked)
    })
    const numbers: number[] = []
    const stream = engine.subscriptions.logs(face, {}, { fromBlock: 101n })
    void (async () => {
      for await (const { number, gap } of stream) numbers.push(gap ? -1 : Number(number))
    })()
    await clock.advance(60_000)
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, index) => 101 + index))
    expect(pieces).toBeLessThan(2 * 100)
    await stream.return?.()
  })
})

test('behavior: logs of which the heads run already: who subscribes waits, and is shown `opening`, until a place confirms', async () => {
  const { clock, feed, subscribe, states } = setUp(1)
  subscribe()
  await clock.settle()
  feed(1).confirm(400)
  const one = subscribe(['logs', {}])
  await clock.advance(399)
  expect([one.id, states]).toEqual([undefined, ['live at 100']])
  await clock.advance(1)
  expect([typeof one.id, states]).toEqual(['string', ['live at 100', 'live at 100']])
})

describe('a stream of whose chain nobody has been told anything', () => {
  test.each([
    [['newHeads'], ['101', '102', '103', '104'], 2_000],
    [
      ['logs', {}],
      names('101:0', '101:1', '102:0', '102:1', '103:0', '103:1', '104:0', '104:1'),
      // The heads that it goes by then are bridged as long again.
      3_000,
    ],
  ])(
    'behavior: %j: its only place takes nine seconds to confirm: nothing since the call is missing, and it is told soon',
    async (params, seen, soon) => {
      const { clock, feed, tree, subscribe, states } = setUp(1)
      feed(1).become('connecting')
      feed(1).confirm(9_000)
      const one = subscribe(params)
      await clock.advance(100)
      tree.mine(3)
      await clock.advance(soon)
      expect(one.seen).toEqual(seen.slice(0, (seen.length * 3) / 4))
      await clock.advance(10_000)
      tree.mine(1)
      feed(1).push(tree.head().raw)
      await clock.advance(1_000)
      expect(one.seen).toEqual(seen)
      expect(states).toEqual(['polling at 103', 'live at 103'])
    },
  )

  test.each([[['newHeads']], [['logs', {}]]])(
    'behavior: %j without a socket asks for the newest block once, as it polls at once',
    async (params) => {
      const { clock, channel, subscribe } = createNodes(1, { channels: ['http'] })
      subscribe(params)
      await clock.settle()
      expect(channel('p1', 'http').count('eth_getBlockByNumber')).toBe(1)
    },
  )

  test('behavior: many that start at once ask for the newest block once', async () => {
    const { clock, channel, feed, subscribe } = createNodes(1)
    feed(1).become('connecting')
    feed(1).confirm(100)
    for (let index = 0; index < 5; index++) subscribe(['logs', { address: `0x${'0'.repeat(39)}${index}` }])
    await clock.advance(50)
    expect(channel('p1', 'http').count('eth_getBlockByNumber')).toBe(1)
  })
})

describe('a stream that begins after a block that was shown', () => {
  test('behavior: more has passed since than is filled in: the newest are given, the rest is told', async () => {
    const { clock, tree, request, subscribe, eventsOf } = createNodes(1, {
      options: { mostFilled: { heads: 5, logs: 10 } },
    })
    await request('eth_blockNumber')
    tree.mine(20)
    const [heads, logs] = [subscribe(), subscribe(['logs', {}])]
    await clock.advance(5_000)
    expect(heads.errors.map(({ from, to }) => [from, to])).toEqual([[101n, 114n]])
    expect(heads.seen).toEqual(['115', '116', '117', '118', '119', '120'])
    expect(logs.errors.map(({ from, to }) => [from, to])).toEqual([[101n, 110n]])
    expect([logs.seen.length, logs.seen[0], logs.seen.at(-1)]).toEqual([20, '111:0', '120:1'])
    expect(
      eventsOf('gap')
        .map(({ key }) => key.slice(0, 4))
        .sort(),
    ).toEqual(['logs', 'newH'])
  })

  test('behavior: nobody gives the block that was shown: nothing after it is missing', async () => {
    const { clock, tree, request, subscribe } = createNodes(1)
    await request('eth_blockNumber')
    tree.mine(3)
    ;(tree.chain() as Block[]).shift()
    const heads = subscribe()
    await clock.advance(5_000)
    expect([heads.seen, heads.errors]).toEqual([['101', '102', '103'], []])
  })
})

/** `105`, `-105` for one that was taken back. */
function nameOfItem({ number, hash, removed }: LogsOfBlock) {
  return `${removed ? '-' : ''}${nameOf({ number: Number(number), hash })}`
}

function names(...numbers: readonly (number | string)[]) {
  return numbers.map(String)
}

test('behavior: a reorg while nobody was connected, and then more blocks than heads are filled in: logs are taken back all the same', async () => {
  const { clock, tree, become, channel, heal, mine, subscribe } = createNodes(1, {
    options: { mostFilled: { heads: 3, logs: 100 } },
  })
  const [, logs] = [subscribe(), subscribe(['logs', {}])]
  await clock.settle()
  await mine(2, 1)
  await clock.advance(1_000)
  become(1, 'waiting')
  channel('p1', 'http').fail(networkError())
  tree.reorg(1, 10)
  await clock.advance(1_000)
  heal(1)
  await clock.advance(60_000)
  const branch = Array.from({ length: 10 }, (_, index) => `${102 + index}/1`)
  const kept = ['101', ...branch].flatMap((name) => [`${name}:0`, `${name}:1`])
  expect([[...settle(logs.seen)].sort(), logs.errors]).toEqual([kept.sort(), []])
})

describe('one that begins in the past', () => {
  /** A chain, from 100 on, and somebody who reads it from 105 on. */
  async function readFrom105(providers: number, height = 110) {
    const nodes = createNodes(providers)
    nodes.tree.mine(height - 100)
    const seen: string[] = []
    const stream = nodes.engine.subscriptions.logs(nodes.face, {}, { fromBlock: 105n })
    void (async () => {
      for await (const item of stream) seen.push(nameOfItem(item))
    })()
    return { ...nodes, seen, stream }
  }

  test.each([['with heads'], ['by logs alone']])(
    'behavior: a reorg of blocks from before the stream: what was read of them is taken back (%s)',
    async (how) => {
      const { clock, tree, push, seen, stream, subscribe } = await readFrom105(1)
      if (how === 'with heads') subscribe()
      const plain = subscribe(['logs', {}])
      await clock.advance(1_000)
      expect(seen).toEqual(names(105, 106, 107, 108, 109, 110))
      push(1, tree.reorg(3, 5))
      await clock.advance(5_000)
      const branch = names('108/1', '109/1', '110/1', '111/1', '112/1')
      expect(seen).toEqual(names(105, 106, 107, 108, 109, 110, -110, -109, -108, ...branch))
      // It was given none of what was taken back.
      expect(settle(plain.seen)).toEqual(new Set(plain.seen))
      expect(plain.seen.slice(-4)).toEqual(['111/1:0', '111/1:1', '112/1:0', '112/1:1'])
      await stream.return?.()
    },
  )

  test('behavior: resumed after whichever item, also one that took logs back, all that is canonical is given', async () => {
    // After 110 the reorg would come while nobody reads.
    for (const last of [4, 6, 7, 8]) {
      const { clock, tree, push, seen, stream, engine, face } = await readFrom105(1)
      const kept = new Set<string>()
      let fromBlock = 105n
      let count = 0
      const keep = (item: LogsOfBlock) => {
        const name = nameOfItem(item)
        if (!item.removed) kept.add(name)
        else kept.delete(name.slice(1))
        fromBlock = item.removed ? item.number : item.number + 1n
      }
      const first = engine.subscriptions.logs(face, {}, { fromBlock })
      void (async () => {
        for await (const item of first) {
          keep(item)
          if (count++ === last) break
        }
      })()
      await clock.advance(1_000)
      push(1, tree.reorg(1, 2))
      await clock.advance(5_000)
      const second = engine.subscriptions.logs(face, {}, { fromBlock })
      void (async () => {
        for await (const item of second) keep(item)
      })()
      await clock.advance(5_000)
      expect(seen).toEqual(names(105, 106, 107, 108, 109, 110, -110, '110/1', '111/1'))
      expect([count, [...kept]]).toEqual([last + 1, names(105, 106, 107, 108, 109, '110/1', '111/1')])
      await Promise.all([second.return?.(), stream.return?.()])
    }
  })

  test('behavior: inside a gap that others were told of: nothing of it is missing', async () => {
    const { clock, engine, face, tree, request, subscribe } = createNodes(1, {
      options: { mostFilled: { heads: 5, logs: 10 } },
    })
    await request('eth_blockNumber')
    tree.mine(20)
    const logs = subscribe(['logs', {}])
    await clock.advance(5_000)
    const seen: string[] = []
    const stream = engine.subscriptions.logs(face, {}, { fromBlock: 105n })
    void (async () => {
      for await (const item of stream) seen.push(nameOfItem(item))
    })()
    await clock.advance(5_000)
    expect(logs.errors.map(({ from, to }) => [from, to])).toEqual([[101n, 110n]])
    expect(seen).toEqual(Array.from({ length: 16 }, (_, index) => `${105 + index}`))
    await stream.return?.()
  })

  test('behavior: it reads what was told as a gap, and is found again later: it is given once', async () => {
    const { clock, engine, face, tree, answer, become, channel, heal, mine, subscribe } = createNodes(1)
    const [logs] = [subscribe(['logs', {}]), subscribe()]
    await clock.settle()
    await mine(2, 1)
    for (const type of ['http', 'ws'] as const)
      channel('p1', type).reply((asked: RpcRequest) => {
        if (asked.method === 'eth_getLogs') throw rpcError(-32000, 'no logs')
        return answer('p1', asked)
      })
    become(1, 'waiting')
    for (let count = 0; count < 40; count++) {
      tree.mine(1)
      await clock.advance(2_000)
    }
    await clock.advance(40_000)
    expect(logs.errors.length).toBeGreaterThan(0)
    heal(1)
    const seen: string[] = []
    const stream = engine.subscriptions.logs(face, {}, { fromBlock: 103n })
    void (async () => {
      for await (const item of stream) seen.push(nameOfItem(item))
    })()
    await clock.advance(120_000)
    expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => `${103 + index}`))
    await stream.return?.()
  })

  test('behavior: of what is remembered, all that is confirmed is given at once, without a block more', async () => {
    const { clock, engine, face, seen, stream } = await readFrom105(1)
    await clock.advance(1_000)
    const numbers: bigint[] = []
    const second = engine.subscriptions.logs(face, {}, { fromBlock: 106n, confirmations: 2 })
    void (async () => {
      for await (const { number } of second) numbers.push(number)
    })()
    await clock.advance(1_000)
    expect([seen.length, numbers]).toEqual([6, [106n, 107n, 108n]])
    await Promise.all([second.return?.(), stream.return?.()])
  })

  test('behavior: a reorg deeper than what it began with: only what it was given is taken back', async () => {
    const { clock, tree, push, seen, stream } = await readFrom105(2)
    await clock.advance(1_000)
    push(1, tree.reorg(8, 9))
    await clock.advance(5_000)
    const taken = names(-110, -109, -108, -107, -106, -105)
    const branch = names('105/1', '106/1', '107/1', '108/1', '109/1', '110/1', '111/1')
    expect(seen).toEqual([...names(105, 106, 107, 108, 109, 110), ...taken, ...branch])
    await stream.return?.()
  })

  test('behavior: a past of several parts: the last 256 blocks of it can be taken back', async () => {
    const { clock, tree, push, seen, stream } = await readFrom105(1, 2_110)
    await clock.advance(1_000)
    expect(seen).toHaveLength(2_006)
    push(1, tree.reorg(250, 251))
    await clock.advance(5_000)
    expect(seen.filter((name) => name.startsWith('-'))).toHaveLength(250)
    expect([...settle(seen)]).toEqual([
      ...Array.from({ length: 1_756 }, (_, index) => `${105 + index}`),
      ...Array.from({ length: 251 }, (_, index) => `${1_861 + index}/1`),
    ])
    await stream.return?.()
  })

  test('behavior: how far it is, is asked for only where no logs tell it', async () => {
    const { clock, channel, stream } = await readFrom105(1, 2_110)
    await clock.advance(1_000)
    const { calls } = channel('p1', 'http')
    const byNumber = calls.filter(({ method, params }) => {
      return method === 'eth_getBlockByNumber' && (params as unknown[])[0] !== 'latest'
    })
    expect(byNumber.map(({ params }) => Number((params as unknown[])[0]))).toEqual([1_104, 2_110])
    await stream.return?.()
  })

  test.each([['with heads'], ['by logs alone']])(
    'behavior: a reorg while the past is read, at whatever moment: nothing of the old branch is left (%s)',
    async (how) => {
      for (let moment = 0; moment <= 400; moment += 20) {
        const { clock, tree, push, mine, heal, seen, stream, subscribe } = await readFrom105(1)
        if (how === 'with heads') subscribe()
        heal(1, 50)
        await clock.advance(moment)
        push(1, tree.reorg(2, 3))
        await clock.advance(1_000)
        await mine(1, 1)
        await clock.advance(5_000)
        const expected = names(105, 106, 107, 108, '109/1', '110/1', '111/1', '112/1')
        expect([moment, [...settle(seen)]]).toEqual([moment, expected])
        await stream.return?.()
      }
    },
  )
})

describe('what ends a stream', () => {
  const refusal = rpcError(-32601, 'the method eth_subscribe does not exist')

  test('behavior: nobody serves it: who waits for its start hears of it by the promise alone', async () => {
    const { clock, feed, subscribe } = createNodes(1)
    feed(1).refuse(refusal)
    const one = subscribe(['syncing'])
    await clock.advance(10_000)
    expect([one.error?.code, one.errors]).toEqual([-32601, []])
  })

  test('behavior: closed before it has started, the promise tells; afterwards `onError` does', async () => {
    const { clock, feed, engine, subscribe } = createNodes(1)
    const early = subscribe()
    await clock.settle()
    feed(1).ignore()
    const late = subscribe(['newPendingTransactions'])
    await clock.settle()
    engine.subscriptions.close()
    await clock.settle()
    expect([early.error, early.errors.map(({ name }) => name)]).toEqual([undefined, ['TransportClosedError']])
    expect([late.error?.name, late.errors]).toEqual(['TransportClosedError', []])
  })
})

test('behavior: while nobody can be reached, each waits for the start as long as its own timeout says, whoever came first', async () => {
  const { clock, engine, face, feed, channel, become } = createNodes(1)
  become(1, 'waiting')
  channel('p1', 'http').fail(networkError())
  feed(1).fail(networkError())
  const ended: number[] = []
  for (const timeout of [10_000, 3_000]) {
    const planner: Planner = (asked, overrides) => face.planner(asked, { timeout, ...overrides })
    const options = { params: ['newHeads'], onData: () => {} }
    void engine.subscriptions.subscribe({ ...face, planner }, options, undefined).then(() => ended.push(timeout))
  }
  await clock.advance(2_999)
  expect(ended).toEqual([])
  await clock.advance(1)
  expect(ended).toEqual([3_000])
  await clock.advance(7_000)
  expect(ended).toEqual([3_000, 10_000])
})

test.each([10_000, 0])(
  'behavior: an iterator that is given up before anybody can be reached, with a timeout of %s: nothing is left',
  async (timeout) => {
    const { clock, engine, face, feed, channel, become } = createNodes(1, { options: { timeout } })
    become(1, 'waiting')
    channel('p1', 'http').fail(networkError())
    feed(1).fail(networkError())
    const controller = new AbortController()
    const first = engine.subscriptions.heads(face, { signal: controller.signal }).next()
    await clock.advance(2_000)
    controller.abort()
    await clock.settle()
    const asked = channel('p1', 'http').count()
    expect([await first, engine.subscriptions.status(), clock.pending.after]).toEqual([
      { done: true, value: undefined },
      [],
      0,
    ])
    await clock.advance(60_000)
    expect([channel('p1', 'http').count(), clock.pending.total]).toEqual([asked, 0])
  },
)

test('behavior: heads that run for logs already are shown as they are to who subscribes to them', async () => {
  const { clock, engine, subscribe } = createNodes(1, { options: { verify: 'strict' } })
  subscribe(['logs', {}])
  await clock.settle()
  const told: unknown[] = []
  engine.events.on('subscription', ({ key, from, to }) => told.push([key, from, to]))
  subscribe()
  await clock.settle()
  expect(told).toEqual([['newHeads', 'opening', 'live']])
})

test('behavior: who leaves the logs when a block comes is told no more, and no gap of theirs', async () => {
  const { clock, engine, mine, subscribe } = createNodes(1, { channels: ['http'], options: { verify: 'strict' } })
  const gaps: unknown[] = []
  engine.events.on('gap', (event) => void gaps.push(event))
  const heads = subscribe(['newHeads'], () => logs.unsubscribe())
  const logs = subscribe(['logs', {}])
  await clock.advance(10_000)
  await mine(2)
  await clock.advance(60_000)
  expect([heads.seen, logs.seen, gaps]).toEqual([['101', '102'], [], []])
  await heads.unsubscribe()
  expect(clock.pending.total).toBe(0)
})

describe('a place that does not tell how far it is', () => {
  const refuse = () => {
    throw rpcError(-32601, 'the method does not exist')
  }
  test.each([
    ['newHeads', 'refuses', ['101', '102']],
    ['newHeads', 'is silent', ['101', '102']],
    ['logs', 'refuses', ['101:0', '101:1', '102:0', '102:1']],
    ['logs', 'is silent', ['101:0', '101:1', '102:0', '102:1']],
  ])(
    'behavior: %s: it %s: live after 1 s at most, and begins with what is pushed first',
    async (kind, way, expected) => {
      const { clock, channel, mine, subscribe, answer, states } = setUp(1)
      for (const type of ['http', 'ws'] as const)
        channel('p1', type).reply((asked: RpcRequest) => {
          if (asked.method !== 'eth_getBlockByNumber') return answer('p1', asked)
          return way === 'refuses' ? refuse() : new Promise(() => {})
        })
      const one = subscribe([kind])
      await clock.advance(way === 'refuses' ? 0 : 1_000)
      expect([states, one.id]).toEqual([['live at 100'], expect.any(String)])
      await mine(2, 1)
      await clock.advance(100)
      expect([one.seen, one.errors]).toEqual([expected, []])
    },
  )

  test('behavior: somebody reads the past there: nothing of it is missing', async () => {
    const { clock, engine, face, channel, mine, answer, tree } = setUp(1)
    for (const type of ['http', 'ws'] as const)
      channel('p1', type).reply((asked: RpcRequest) =>
        (asked.params as unknown[] | undefined)?.[0] === 'latest' ? refuse() : answer('p1', asked),
      )
    tree.mine(5)
    const numbers: bigint[] = []
    const read = async () => {
      for await (const { number, logs } of engine.subscriptions.logs(face, {}, { fromBlock: 103n }))
        if (logs.length > 0) numbers.push(number)
    }
    const ended = read().catch(({ name }) => name)
    await clock.advance(5_000)
    await mine(2, 1)
    await clock.advance(5_000)
    expect(numbers).toEqual([103n, 104n, 105n, 106n, 107n])
    await engine.close()
    expect(await ended).toBe('TransportClosedError')
  })

  test('behavior: logs and heads at once: the first block that is pushed is whole', async () => {
    const { clock, channel, mine, subscribe } = setUp(1)
    for (const type of ['http', 'ws'] as const) channel('p1', type).reply(refuse)
    const all = [subscribe(['logs', {}]), subscribe()]
    await clock.settle()
    await mine(2, 1)
    await clock.advance(100)
    expect(all.map(({ seen }) => seen)).toEqual([
      ['101:0', '101:1', '102:0', '102:1'],
      ['101', '102'],
    ])
  })

  test.each([[['logs']], [['logs', 'newHeads']]])(
    'behavior: %s: it is lost, and so is the next one: once live, it is not opened a second time',
    async (kinds) => {
      const { clock, channel, subscribe, become, eventsOf } = setUp(2)
      for (const id of ['p1', 'p2']) for (const type of ['http', 'ws'] as const) channel(id, type).reply(refuse)
      for (const kind of kinds) subscribe([kind])
      await clock.advance(1_500)
      for (const number of [1, 2]) {
        become(number, 'waiting')
        await clock.advance(3_000)
      }
      become(2, 'open')
      await clock.advance(3_000)
      const [first, ...others] = eventsOf('subscription').filter(({ key }) => key.startsWith('logs'))
      expect([first?.from, others.length > 0, others.filter(({ to }) => to === 'opening')]).toEqual([
        'opening',
        true,
        [],
      ])
    },
  )

  test('behavior: a log that is pushed while heads are sought for somebody who joins: it is not lost', async () => {
    const { clock, channel, subscribe, mine, feed, engine, face, answer } = setUp(1)
    for (const type of ['http', 'ws'] as const)
      channel('p1', type).reply((asked: RpcRequest) =>
        (asked.params as unknown[] | undefined)?.[0] === 'latest' ? refuse() : answer('p1', asked),
      )
    const one = subscribe(['logs', {}])
    await clock.advance(1_000)
    feed(1).confirm(200)
    const joined = engine.subscriptions.logs(face)
    const first = joined.next()
    await clock.advance(50)
    for (const log of (await mine(1)).flatMap(logsOf)) feed(1).push(log, 'logs')
    await clock.advance(500)
    await mine(1, 1)
    await clock.advance(5_000)
    expect([one.seen, (await first).value.number]).toEqual([['101:0', '101:1', '102:0', '102:1'], 101n])
    await engine.close()
  })

  test.each([
    ['newHeads', 'eth_getBlockByNumber'],
    ['logs', 'eth_getLogs'],
  ])(
    'behavior: %s: %s is on its way when the last one leaves: nothing more is asked, or keeps the process alive',
    async (kind, method) => {
      const { clock, channel, subscribe, answer, mine, become } = setUp(2)
      const asked: string[] = []
      for (const id of ['p1', 'p2'])
        for (const type of ['http', 'ws'] as const)
          channel(id, type).reply((request: RpcRequest) => {
            asked.push(`${id} ${type} ${request.method}`)
            return request.method === method ? new Promise(() => {}) : answer(id, request)
          })
      const one = subscribe([kind])
      await clock.advance(1_000)
      if (kind === 'logs') {
        await mine(1, 1)
        become(1, 'waiting')
        await mine(1, 2)
        await clock.advance(100)
      }
      await one.unsubscribe()
      await clock.advance(1_999)
      const before = [...asked]
      await clock.advance(1)
      expect([before.at(-1), asked, clock.pending.after]).toEqual([expect.stringContaining(method), before, 0])
    },
  )
})
