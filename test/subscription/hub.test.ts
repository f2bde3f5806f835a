// Whole streams over scripted nodes, on the manual clock: sharing, failing over, continuity.

import { describe, expect, test } from 'vitest'
import { rpcError } from '../support/errors'
import { unhandled } from '../support/unhandled'
import { createNodes, settle } from './nodes'

const refusal = rpcError(-32601, 'the method eth_subscribe does not exist')
const a = `0x${'aA'.repeat(20)}`
const b = `0x${'bb'.repeat(20)}`

function range(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`)
}

function logRange(from: number, to: number): string[] {
  return range(from, to).flatMap((number) => [`${number}:0`, `${number}:1`])
}

/** A stream of logs whose socket was gone for the blocks 102 to 121. @param withHeads whether somebody listens to heads too */
async function afterGap(mostFilled: { heads: number; logs: number }, withHeads = false) {
  const nodes = createNodes(2, { options: { mostFilled } })
  const { clock, feed, mine, subscribe } = nodes
  if (withHeads) subscribe()
  const logs = subscribe(['logs', {}])
  await clock.settle()
  await mine(1, 1)
  await clock.advance(100)
  feed(1).refuse(new Error('gone'))
  feed(1).drop()
  await mine(20)
  await clock.settle()
  await mine(1, 2)
  await clock.advance(3_000)
  return { ...nodes, logs }
}

describe('doubt', () => {
  test('behavior: what came in doubt and is too old to be looked at again is told as a gap, once', async () => {
    const { mine, push, subscribe } = createNodes(1)
    const logs = subscribe(['logs', {}])
    await mine(0)
    const mined = await mine(1_300, 1)
    expect([logs.errors, logs.seen.length]).toEqual([[], 2 * 1_299])
    for (const block of mined.slice(-2)) push(1, [block])
    await mine(1, 1)
    expect(logs.errors.map(({ from, to }) => [from, to])).toEqual([[101n, 399n]])
    expect(settle(logs.seen).size).toBe(logs.seen.length)
  })
})

test.each(['answered', 'failed'])(
  'behavior: polls of pending transactions are no requests of callers, be they %s',
  async (how) => {
    const { clock, become, channel, subscribe, status, eventsOf } = createNodes(1)
    become(1, 'waiting')
    const http = channel('p1', 'http')
    http.on('eth_newPendingTransactionFilter').reply('0x77')
    http.on('eth_getFilterChanges')[how === 'failed' ? 'fail' : 'reply'](how === 'failed' ? refusal : [])
    subscribe(['newPendingTransactions'])
    await clock.advance(60_000)
    expect(http.count('eth_getFilterChanges')).toBeGreaterThan(10)
    expect([status().requests, eventsOf('request')]).toMatchObject([{ total: 0, failed: 0 }, []])
  },
)

describe('sharing', () => {
  test('Given 10 concurrent subscribes to newHeads, then one upstream eth_subscribe, 10 distinct local ids, and each event arrives once per listener', async () => {
    const { clock, feed, mine, subscribe } = createNodes(2)
    const all = Array.from({ length: 10 }, () => subscribe())
    await clock.settle()
    await mine(2, 1)
    expect([feed(1).subscribed, feed(2).subscribed]).toEqual([[['newHeads']], []])
    expect(new Set(all.map(({ id }) => id)).size).toBe(10)
    for (const { seen, ids, id } of all) expect([seen, [...ids]]).toEqual([['101', '102'], [id]])
  })

  test('Given newHeads and two different log filters, then three upstream subscriptions; filters equal up to case/order share one', async () => {
    const { clock, feed, subscribe } = createNodes(1)
    subscribe(['newHeads'])
    subscribe(['logs', { address: [a, b] }])
    subscribe(['logs', { address: [b, a.toLowerCase()] }])
    subscribe(['logs', { address: a }])
    await clock.settle()
    expect(feed(1).live).toHaveLength(3)
  })

  test('Given two subscribers, when one leaves, then the upstream subscription stays; when the last leaves, then exactly one eth_unsubscribe after the linger; a subscriber inside the linger reuses it', async () => {
    const { clock, feed, mine, subscribe } = createNodes(1)
    const [one, other] = [subscribe(), subscribe()]
    await clock.settle()
    await one.unsubscribe()
    await clock.advance(10_000)
    expect(feed(1).live).toHaveLength(1)
    await other.unsubscribe()
    await clock.advance(1_999)
    const third = subscribe()
    await clock.advance(10_000)
    await mine(1, 1)
    expect([feed(1).subscribed.length, feed(1).unsubscribed, third.seen]).toEqual([1, 0, ['101']])
    await third.unsubscribe()
    await clock.advance(2_000)
    expect([feed(1).live, feed(1).unsubscribed, one.seen, other.seen]).toEqual([[], 1, [], []])
  })

  test('Given unsubscribe twice (also concurrently), then one upstream eth_unsubscribe and no throw', async () => {
    const { clock, feed, subscribe } = createNodes(1)
    const one = subscribe()
    await clock.settle()
    await Promise.all([one.unsubscribe(), one.unsubscribe()])
    await clock.advance(5_000)
    await one.unsubscribe()
    await clock.advance(5_000)
    expect([feed(1).unsubscribed, clock.pending.total]).toEqual([1, 0])
  })

  test('Given 50 rapid subscribe/unsubscribe cycles, then zero residual local or upstream subscriptions', async () => {
    const { clock, engine, feed, subscribe } = createNodes(2)
    for (let count = 0; count < 50; count++) {
      const one = subscribe(count % 2 ? ['newHeads'] : ['logs', {}])
      if (count % 3) await clock.settle()
      await clock.advance(count * 50)
      await one.done
      await one.unsubscribe()
    }
    await clock.advance(10_000)
    expect([engine.subscriptions.status(), feed(1).live, feed(2).live, clock.pending.total]).toEqual([[], [], [], 0])
    expect(feed(1).unsubscribed).toBe(feed(1).subscribed.length)
  })

  test('Given one listener throws, then the others still receive the event', async () => {
    const { clock, mine, subscribe } = createNodes(1)
    subscribe(['newHeads'], () => {
      throw new Error('mine')
    })
    const other = subscribe()
    await clock.settle()
    await mine(2, 1)
    expect(other.seen).toEqual(['101', '102'])
  })
})

describe('what is told while the first source is asked', () => {
  /** As over a real socket: it is dialled within the call. */
  function dialled() {
    const nodes = createNodes(1, { channels: ['ws'] })
    const feed = nodes.feed(1)
    const subscribe = feed.subscribe!
    feed.become('idle')
    feed.subscribe = (...given) => {
      if (feed.socket() === 'idle') nodes.become(1, 'connecting')
      return subscribe(...given)
    }
    return nodes
  }

  /** Its breaker lets a probe through. */
  function probed(channels: readonly ('http' | 'ws')[] = ['http']) {
    const nodes = createNodes(2, { channels })
    nodes.breaker('p1', 'http').open(nodes.clock.now(), 0)
    return nodes
  }

  test.each([
    ['connection', dialled],
    ['breaker', probed],
    ['breaker', () => probed(['http', 'ws'])],
  ] as const)('behavior: a listener of `%s` closes: nothing is left', async (name, setUp) => {
    const { clock, engine, subscribe } = setUp()
    engine.events.on(name, () => engine.close())
    const one = subscribe()
    await clock.settle()
    expect([one.error?.name, engine.subscriptions.status(), clock.pending.total]).toEqual([
      'TransportClosedError',
      [],
      0,
    ])
  })

  test.each([
    ['connection', dialled],
    ['breaker', probed],
    ['breaker', () => probed(['http', 'ws'])],
  ] as const)('behavior: a listener of `%s` subscribes to the same: one stream for both', async (name, setUp) => {
    const { clock, engine, subscribe, status } = setUp()
    const off = engine.events.on(name, () => {
      off()
      subscribe()
    })
    subscribe()
    await clock.settle()
    expect(status().subscriptions).toMatchObject([{ subscribers: 2 }])
    engine.close()
    expect([status().subscriptions, clock.pending.total]).toEqual([[], 0])
  })
})

describe('where it is subscribed', () => {
  test('Given p1 rejects eth_subscribe or does not confirm in time, then p2 is used; if every provider rejects for good, polling serves the stream', async () => {
    const refused = createNodes(2)
    refused.feed(1).refuse(refusal)
    const one = refused.subscribe()
    await refused.clock.settle()
    await refused.mine(1, 1, 2)
    expect([one.seen, refused.feed(2).live.length]).toEqual([['101'], 1])

    const silent = createNodes(2)
    silent.feed(1).ignore()
    const two = silent.subscribe()
    await silent.clock.advance(500)
    await silent.mine(1, 1, 2)
    expect([two.seen, silent.feed(2).live.length]).toEqual([['101'], 1])

    const nowhere = createNodes(2)
    nowhere.feed(1).refuse(refusal)
    nowhere.feed(2).refuse(refusal)
    const three = nowhere.subscribe()
    await nowhere.clock.advance(10_000)
    await nowhere.mine(3)
    await nowhere.clock.advance(10_000)
    expect(three.seen).toEqual(['101', '102', '103'])
    expect(nowhere.engine.subscriptions.status()).toMatchObject([{ state: 'polling', source: { channel: 'poll' } }])
  })

  test('Given the WS reconnects with a new socket, then the subscription is re-created upstream and the local id and listener stay', async () => {
    const { clock, feed, mine, become, subscribe } = createNodes(1)
    const one = subscribe()
    await clock.settle()
    await mine(1, 1)
    await clock.advance(10_000)
    become(1, 'waiting')
    await clock.advance(100)
    await mine(2)
    become(1, 'open')
    await clock.settle()
    await mine(1, 1)
    await clock.settle()
    expect([feed(1).subscribed.length, feed(1).live.length, one.seen, [...one.ids]]).toEqual([
      2,
      1,
      range(101, 104),
      [one.id],
    ])
  })

  test('Given no WS is up at subscribe time, then it becomes live when the first one connects, without caller action', async () => {
    const { clock, engine, mine, become, subscribe } = createNodes(2, { channels: ['ws'] })
    become(1, 'waiting')
    become(2, 'waiting')
    const one = subscribe()
    await clock.advance(10_000)
    expect([one.id === undefined, one.error, engine.subscriptions.status()[0]?.subscribers]).toEqual([
      false,
      undefined,
      1,
    ])
    await clock.advance(60_000)
    become(2, 'open')
    await clock.advance(1_000)
    await mine(1, 2)
    expect([one.seen, engine.subscriptions.status()]).toMatchObject([
      ['101'],
      [{ state: 'live', source: { provider: 'p2', channel: 'ws' } }],
    ])
  })

  test('Given unsubscribe while still establishing, then no event is delivered and the late upstream confirmation is unsubscribed (no leak)', async () => {
    const { clock, engine, feed, mine, subscribe } = createNodes(1, { channels: ['ws'] })
    feed(1).ignore()
    const one = subscribe()
    await clock.advance(10_000)
    await one.unsubscribe()
    await clock.advance(3_000)
    feed(1).confirmNow()
    await mine(1, 1)
    await clock.advance(60_000)
    expect([one.seen, feed(1).live, engine.subscriptions.status(), clock.pending.total]).toEqual([[], [], [], 0])
  })

  test("Given an open socket but no head for longer than the stall time while other providers' heads move, then the stream switches", async () => {
    const { clock, feed, mine, push, subscribe, tree, events } = createNodes(2)
    const one = subscribe()
    await clock.settle()
    await mine(1, 1)
    await mine(3)
    await clock.advance(35_000)
    push(2, tree.mine(1))
    await clock.settle()
    expect([one.seen, feed(1).live, feed(2).live.length]).toEqual([range(101, 105), [], 1])
    expect(
      events.filter(({ name }) => name === 'subscription').map(({ event }) => [event.to, event.why]),
    ).toContainEqual(['switching', 'its stream is stalled'])
  })

  test('Given one socket alone that answers, and whose subscriptions are dead, then they are made anew there, and nothing is lost', async () => {
    const { clock, feed, mine, subscribe, events } = createNodes(1, { channels: ['ws'] })
    const one = subscribe()
    const logs = subscribe(['logs', {}])
    await clock.settle()
    await mine(1, 1)
    await mine(3)
    await clock.advance(40_000)
    await mine(1, 1)
    await clock.advance(1_000)
    expect([one.seen, logs.seen, one.errors, logs.errors]).toEqual([range(101, 105), logRange(101, 105), [], []])
    expect([feed(1).live.length, feed(1).subscribed.length]).toEqual([2, 4])
    expect(events.filter(({ event }) => event.why === 'its stream is stalled')).toHaveLength(2)
  })

  test('Given one provider whose socket is asked first and stands still with its heads, while its HTTP moves, then that is noticed', async () => {
    const { clock, feed, mine, answer, subscribe, events } = createNodes(1, {
      options: { strategy: (all) => [...all].sort((a, b) => b.channel.localeCompare(a.channel)) },
    })
    subscribe()
    await clock.settle()
    await mine(1, 1)
    const height = answer('p1', { method: 'eth_blockNumber' })
    feed(1).reply(() => height)
    await mine(3)
    await clock.advance(36_000)
    expect(events.filter(({ event }) => event.why === 'its stream is stalled')).toHaveLength(1)
  })

  test('Given that every place fails again and again, then switching backs off with jitter, an event says so, and the stream is live and complete once one works', async () => {
    const { clock, feed, mine, subscribe, events } = createNodes(2)
    const one = subscribe()
    const logs = subscribe(['logs', {}])
    await clock.settle()
    await mine(1, 1)
    for (const number of [1, 2]) feed(number).refuse(new Error('busy'))
    feed(1).drop()
    for (let count = 0; count < 60; count++) {
      await mine(1)
      await clock.advance(1_000)
    }
    const tries = feed(1).subscribed.length
    expect(tries).toBeLessThan(700)
    feed(2).confirm()
    await clock.advance(60_000)
    await mine(1, 2)
    await clock.advance(1_000)
    expect([one.seen, one.errors]).toEqual([range(101, 162), []])
    expect([logs.seen, logs.errors]).toEqual([logRange(101, 162), []])
    const states = events.filter(({ name }) => name === 'subscription').map(({ event }) => event.to)
    expect(states).toContain('switching')
    expect(states.at(-1)).toBe('live')
  })
})

describe('continuity', () => {
  test('Given p1 sends 101-103 and dies and p2 is live at 106, then the listener sees 104..106 in order, no gap, no duplicate - including the one-block gap case', async () => {
    for (const missed of [0, 1, 2, 3, 20]) {
      const { clock, feed, mine, subscribe } = createNodes(2)
      const one = subscribe()
      const logs = subscribe(['logs', {}])
      await clock.settle()
      await mine(3, 1)
      feed(1).refuse(new Error('gone'))
      feed(1).drop()
      await mine(missed)
      await clock.settle()
      await mine(1, 2)
      await clock.advance(5_000)
      expect([missed, one.seen, one.errors]).toEqual([missed, range(101, 104 + missed), []])
      expect([missed, logs.seen, logs.errors]).toEqual([missed, logRange(101, 104 + missed), []])
    }
  })

  test('Given a gap larger than maxBackfillBlocks, then the newest part is filled, `onError` gets a SubscriptionGapError with the missing range, and the stream goes on', async () => {
    const { clock, feed, mine, subscribe, eventsOf } = createNodes(2, {
      options: { mostFilled: { heads: 5, logs: 10 } },
    })
    const one = subscribe()
    await clock.settle()
    await mine(1, 1)
    feed(1).refuse(new Error('gone'))
    feed(1).drop()
    await mine(20)
    await clock.settle()
    await mine(1, 2)
    await clock.advance(1_000)
    expect(one.errors.map(({ name, from, to }) => [name, from, to])).toEqual([['SubscriptionGapError', 102n, 115n]])
    expect(one.seen).toEqual(['101', ...range(116, 122)])
    expect(eventsOf('gap')).toMatchObject([{ key: 'newHeads', from: 102, to: 115 }])
  })

  test.each([5, 256])(
    'behavior: logs of a gap wider than is filled, %s heads: the newest are given, and the others are one gap',
    async (heads) => {
      const { logs } = await afterGap({ heads, logs: 3 }, true)
      expect(logs.errors.map(({ name, from, to }) => [name, from, to])).toEqual([['SubscriptionGapError', 102n, 118n]])
      expect(logs.seen).toEqual([...logRange(101, 101), ...logRange(119, 122)])
    },
  )

  test('behavior: logs that were told to be missing do not come later, when what nobody has checked is read again', async () => {
    const { clock, logs, eventsOf } = await afterGap({ heads: 256, logs: 3 })
    await clock.advance(30_000)
    expect(logs.errors.map(({ from, to }) => [from, to])).toEqual([[102n, 118n]])
    expect(logs.seen).toEqual([...logRange(101, 101), ...logRange(119, 122)])
    expect(eventsOf('gap').filter(({ late }) => late)).toEqual([])
  })

  test('behavior: a reorg of blocks that were told to be missing: who has read them since gets them taken back, and nobody else', async () => {
    const { clock, engine, face, logs, push, tree } = await afterGap({ heads: 256, logs: 3 })
    expect(logs.errors.map(({ from, to }) => [from, to])).toEqual([[102n, 118n]])
    const read: string[] = []
    const reader = engine.subscriptions.logs(face, {}, { fromBlock: 117n })
    const isRead = (async () => {
      for await (const { number, removed } of reader) read.push(`${removed ? '-' : ''}${number}`)
    })()
    await clock.advance(1_000)
    expect(read).toEqual(range(117, 122))
    push(2, tree.reorg(6, 7))
    await clock.settle()
    const removed = (names: readonly string[]) => names.filter((name) => name.startsWith('-'))
    expect(removed(read)).toEqual(['-122', '-121', '-120', '-119', '-118', '-117'])
    expect(removed(logs.seen).at(-1)).toBe('-119:0')
    await reader.return?.()
    await isRead
  })

  test('Given a reorg, then the orphaned logs arrive with removed:true, newest first, then the new ones; heads of the new branch in chain order; also when the reorg happened while disconnected', async () => {
    for (const isConnected of [true, false]) {
      const { clock, feed, mine, push, subscribe, tree, eventsOf } = createNodes(2)
      const one = subscribe()
      const logs = subscribe(['logs', {}])
      await clock.settle()
      await mine(3, 1)
      await clock.advance(100)
      if (!isConnected) {
        feed(1).refuse(new Error('gone'))
        feed(1).drop()
      }
      const branch = tree.reorg(2, 3)
      await clock.settle()
      if (isConnected) push(1, branch)
      await clock.advance(100)
      push(isConnected ? 1 : 2, tree.mine(1))
      await clock.advance(5_000)
      expect([isConnected, one.seen]).toEqual([isConnected, [...range(101, 103), '102/1', '103/1', '104/1', '105/1']])
      expect(logs.seen).toEqual([
        ...logRange(101, 103),
        ...['-103:1', '-103:0', '-102:1', '-102:0'],
        ...['102/1', '103/1', '104/1', '105/1'].flatMap((name) => [`${name}:0`, `${name}:1`]),
      ])
      expect(eventsOf('reorg')).toMatchObject([{ from: 102, to: 103, depth: 2 }])
    }
  })

  test('behavior: logs alone, then a reorg below the block at which heads began: what was given before them is taken back', async () => {
    const { clock, mine, push, subscribe, tree } = createNodes(2)
    const logs = subscribe(['logs', {}])
    await clock.settle()
    await mine(2, 1)
    for (const depth of [1, 3]) {
      push(1, tree.reorg(depth, depth + 1))
      await clock.settle()
    }
    await mine(1, 1)
    await clock.advance(5_000)
    const expected = [101, 102, 103, 104, 105].flatMap((number) => [`${number}/2:0`, `${number}/2:1`])
    expect([[...settle(logs.seen)].sort(), logs.errors]).toEqual([expected, []])
  })

  test('Given a buffer overflow, then the buffered part is dropped and filled again from the cursor: nothing is lost', async () => {
    const { clock, mine, subscribe } = createNodes(1)
    let go = () => {}
    let isSlow = true
    const one = subscribe(['newHeads'], () => (isSlow ? new Promise<void>((resolve) => (go = resolve)) : undefined))
    await clock.settle()
    for (let count = 0; count < 30; count++) await mine(50, 1)
    isSlow = false
    go()
    await clock.advance(1_000)
    await mine(1, 1)
    expect(one.seen).toEqual(range(101, 1_601))
  })

  test('Given live heads 300, 302, 301, 303, then 300..303 are delivered in order, once each', async () => {
    const { clock, push, subscribe, tree } = createNodes(1)
    const one = subscribe()
    const logs = subscribe(['logs', {}])
    await clock.settle()
    const heads = tree.mine(4)
    for (const index of [0, 2, 1, 3]) push(1, heads.slice(index, index + 1))
    await clock.advance(5_000)
    expect([one.seen, logs.seen]).toEqual([range(101, 104), logRange(101, 104)])
  })

  test('behavior: who begins while it is filled joins at the next block, who comes later too', async () => {
    const { clock, feed, mine, subscribe } = createNodes(2)
    subscribe(['logs', {}])
    await clock.settle()
    await mine(2, 1)
    await clock.advance(1_000)
    const late = subscribe(['logs', {}])
    await clock.settle()
    await mine(1, 1)
    feed(1).drop()
    await clock.advance(5_000)
    await mine(1, 1, 2)
    await clock.advance(5_000)
    expect(late.seen).toEqual(logRange(103, 104))
  })

  test('behavior: missed logs cannot be read: what is pushed meanwhile makes nobody ask before the pause is over', async () => {
    const { clock, channel, feed, mine, subscribe } = createNodes(1)
    subscribe()
    const logs = subscribe(['logs', {}])
    await clock.settle()
    await mine(1, 1)
    feed(1).drop()
    await mine(2)
    const reads = () => channel('p1', 'http').count('eth_getLogs') + feed(1).count('eth_getLogs')
    for (const one of [channel('p1', 'http'), feed(1)]) one.on('eth_getLogs').fail(rpcError(-32602, 'invalid argument'))
    await clock.settle()
    const before = reads()
    for (let count = 0; count < 200; count++) {
      await clock.advance(50)
      await mine(1, 1)
    }
    expect(logs.seen).toEqual(logRange(101, 101))
    expect(reads() - before).toBe(9)
  })

  test('behavior: a wide gap is filled without a warning of the platform', async () => {
    const warnings: Error[] = []
    const note = (warning: Error) => void warnings.push(warning)
    process.on('warning', note)
    const { clock, feed, mine, subscribe } = createNodes(2)
    const one = subscribe()
    await clock.settle()
    feed(1).refuse(new Error('gone'))
    feed(1).drop()
    await mine(100)
    await clock.settle()
    await mine(1, 2)
    await clock.advance(1_000)
    process.off('warning', note)
    expect([one.seen, warnings]).toEqual([range(101, 201), []])
  })

  test('error: closed, with an `onError` that returns a promise that rejects: nothing is left unhandled', async () => {
    const { clock, engine, face } = createNodes(2)
    const fail = () => Promise.reject(new Error('mine'))
    void engine.subscriptions.subscribe(face, { params: ['newHeads'], onData() {}, onError: fail }, undefined)
    await clock.settle()
    expect(await unhandled(() => engine.close())).toEqual([])
  })

  test('error: closed: all hear of it, and nothing is left', async () => {
    const { clock, engine, feed, subscribe } = createNodes(2)
    const [one, logs] = [subscribe(), subscribe(['logs', {}])]
    await clock.settle()
    engine.close()
    await clock.advance(60_000)
    expect([one, logs].map(({ errors }) => errors.map(({ name }) => name))).toEqual([
      ['TransportClosedError'],
      ['TransportClosedError'],
    ])
    expect([feed(1).live, clock.pending.total]).toEqual([[], 0])
  })
})
