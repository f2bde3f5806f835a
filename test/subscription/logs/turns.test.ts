// Blocks of a log stream in turn: what was pushed, what is asked for, what holds up what.

import { describe, expect, test } from 'vitest'
import { createGate } from '../../../src/base/gate'
import type { Log } from '../../../src/rpc/log'
import { indexOf } from '../../../src/rpc/log'
import type { Block } from '../../../src/subscription/block'
import type { BloomAnswer } from '../../../src/subscription/logs/blooms'
import { createDelivery } from '../../../src/subscription/logs/delivery'
import { createLogReads } from '../../../src/subscription/logs/log-reads'
import { createPushes } from '../../../src/subscription/logs/pushes'
import { createTurns } from '../../../src/subscription/logs/turns'
import type { Place } from '../../../src/subscription/source/place'
import { createManualClock } from '../../support/manual-clock'
import { blockOf, blocksOf, hashOf, logOf, nameOf } from '../blocks'

type Given = { mustCheck?: (number: number) => boolean; mayCheck?: boolean; mostFilled?: number }

function setUp({ mustCheck = () => false, mayCheck = true, mostFilled = 10_000 }: Given = {}) {
  const clock = createManualClock()
  const told: string[] = []
  const asked: string[] = []
  const losses: number[] = []
  const blooms = new Map<string, BloomAnswer>()
  /** The logs that are there, by block hash. */
  const truth = new Map<string, Log[]>()
  const canonical = new Map<number, Block>()
  let answer: () => Promise<void> = async () => {}
  let newest: Block | undefined
  let onPassed = () => {}
  let lowest = -1
  const delivery = createDelivery({
    onItem(item) {
      if (item.type === 'passed') {
        told.push(`passed ${nameOf(item)}`)
        onPassed()
      }
      if (item.type === 'logs' && item.results.length > 0)
        told.push(
          `${item.isRemoved ? 'removed' : item.isLate ? 'late' : 'logs'} ${nameOf(item)}: ${item.results.map((log) => indexOf(log)).join(' ')}`,
        )
    },
    onGap: (from, to, why) => told.push(`gap ${from}-${to}: ${why}`),
  })
  delivery.begin(blockOf(99))
  const pushes = createPushes()
  pushes.begin({ id: 'p1' } as Place)
  const backfill = {
    async logsOf({ hash }: { hash: string }) {
      asked.push(nameOf({ number: Number(BigInt(hash) & 0xffff_ffffn), hash }))
      await answer()
      return truth.get(hash) ?? []
    },
    async logsIn({ from, to }: { from: number; to: number }) {
      asked.push(`${from}-${to}`)
      await answer()
      return [...truth.values()]
        .flat()
        .filter((log) => Number(log.blockNumber) >= from && Number(log.blockNumber) <= to)
    },
  }
  const reads = createLogReads(clock, createGate(1), backfill as never, {})
  const turns = createTurns({
    clock,
    reads,
    delivery,
    pushes,
    mostFilled: { logs: mostFilled },
    trust: {
      bloomOf: ({ hash }) => blooms.get(hash) ?? 'unknown',
      mustCheck,
      mayCheck,
      noteThere: ({ hash, provider }) => blooms.get(hash) === 'no' && told.push(`lie ${provider}`),
    },
    onLoss: (number) => losses.push(number),
    heads: { tip: () => newest, lowest: () => lowest, has: (hash) => newest === undefined || newest.hash === hash },
    backfill: { byNumber: async (number) => canonical.get(number) ?? blockOf(number), latest: async () => undefined },
    providers: () => [],
  })
  return {
    clock,
    delivery,
    pushes,
    turns,
    told,
    asked,
    losses,
    blooms,
    truth,
    canonical,
    head: (block: Block, isPushed = true) =>
      turns.add({ type: 'block', block: { ...block, isPushed }, at: clock.now() }),
    push(...logs: Log[]) {
      for (const log of logs) pushes.add(log)
      turns.look(logs.at(-1)?.blockHash)
    },
    answerBy(next: typeof answer) {
      answer = next
    },
    whenPassed(next: typeof onPassed) {
      onPassed = next
    },
    /** @param from the lowest block that heads remember */
    newestIs(block: Block, from = -1) {
      newest = block
      lowest = from
    },
    stop() {
      reads.stop()
      turns.stop()
    },
  }
}

describe('what is pushed', () => {
  test('behavior: of a source that is not relied on, what was pushed is given where the check has no answer', async () => {
    const { clock, told, head, push, answerBy } = setUp({ mustCheck: () => true })
    answerBy(() => new Promise(() => {}))
    push(logOf(100, 0))
    head(blockOf(100))
    await clock.advance(1_999)
    expect(told).toEqual([])
    await clock.advance(1)
    expect(told[0]).toBe('logs 100: 0')
  })

  test('behavior: a check whose place is lost meanwhile is all there is: it is waited for longer', async () => {
    const { clock, told, blooms, truth, head, turns, pushes, answerBy } = setUp()
    const block = blockOf(100)
    blooms.set(block.hash, 'yes')
    truth.set(block.hash, [logOf(100, 0)])
    answerBy(() => new Promise((resolve) => void clock.after(5_000, resolve)))
    head(block)
    await clock.advance(1_000)
    pushes.begin()
    turns.look()
    await clock.advance(20_000)
    expect(told).toEqual(['logs 100: 0', 'passed 100'])
  })

  test('behavior: a block that a reorg takes out while it cannot be had is no gap', async () => {
    const { clock, told, head, turns, answerBy } = setUp()
    const block = blockOf(100)
    answerBy(() => Promise.reject(new Error('no')))
    head(block, false)
    await clock.advance(1_000)
    turns.retract(block)
    await clock.advance(60_000)
    expect([told, turns.mayCome(block.hash)]).toEqual([[], false])
  })

  test('behavior: of a source that is not relied on, a block is asked for whose bloom denies what was pushed', async () => {
    const { clock, told, asked, blooms, truth, head, push } = setUp({ mustCheck: () => true })
    const block = blockOf(100)
    blooms.set(block.hash, 'no')
    truth.set(block.hash, [logOf(100, 0), logOf(100, 1)])
    push(logOf(100, 0))
    head(block)
    await clock.advance(50)
    expect([told, asked]).toEqual([['lie p1', 'logs 100: 0 1', 'passed 100'], ['100']])
  })

  test('behavior: of a place whose logs come late after their heads, the first one is waited for twice as long as it took, 1 s at most', async () => {
    const { clock, told, turns, pushes, head, push } = setUp()
    const passesAfter = async (number: number) => {
      const from = clock.now()
      head(blockOf(number))
      while (told.at(-1) !== `passed ${number}`) await clock.advance(1)
      return clock.now() - from
    }
    expect([turns.isSlow(hashOf(100)), await passesAfter(100)]).toEqual([false, 50])
    await clock.advance(50)
    expect([turns.isSlow(hashOf(99)), turns.isSlow(hashOf(100)), await passesAfter(101)]).toEqual([false, true, 200])
    head(blockOf(102))
    expect(turns.isSlow(hashOf(101))).toBe(false)
    await clock.advance(100)
    push(logOf(102, 0))
    await clock.advance(50)
    expect(told.at(-1)).toBe('passed 102')
    await clock.advance(5_000)
    expect([turns.isSlow(hashOf(102)), await passesAfter(103)]).toEqual([true, 1_000])
    pushes.begin({ id: 'p2' } as Place)
    expect(await passesAfter(104)).toBe(50)
  })

  test('behavior: what came while we were busy has time to be read, once', async () => {
    const { clock, told, head, push } = setUp()
    head(blockOf(100))
    await clock.jump(200)
    push(logOf(100, 0))
    expect(told).toEqual([])
    await clock.jump(200)
    expect(told).toEqual(['logs 100: 0', 'passed 100'])
  })

  test('behavior: for a branch that has lost, it is kept no longer than blocks may be replaced', async () => {
    const { clock, head, push, pushes } = setUp()
    const lost = logOf(100, 0)
    push(lost)
    for (const [number, kept] of [
      [356, 1],
      [357, 0],
    ] as const) {
      head(blockOf(number))
      await clock.advance(50)
      expect(pushes.of(lost.blockHash)).toHaveLength(kept)
    }
  })

  test('default: the logs of a block are given together, 50 ms after the last of them', async () => {
    const { clock, told, asked, head, push } = setUp()
    head(blockOf(100))
    push(logOf(100, 1))
    await clock.advance(49)
    push(logOf(100, 0))
    await clock.advance(49)
    expect(told).toEqual([])
    await clock.advance(1)
    expect([told, asked]).toEqual([['logs 100: 0 1', 'passed 100'], []])
  })

  test('behavior: the next head, or a log of a later block, settles it at once', async () => {
    const { clock, told, head, push } = setUp()
    head(blockOf(100))
    push(logOf(100, 0))
    head(blockOf(101))
    await clock.settle()
    expect(told).toEqual(['logs 100: 0', 'passed 100'])
    push(logOf(102, 0))
    await clock.settle()
    expect(told).toEqual(['logs 100: 0', 'passed 100', 'passed 101'])
  })

  test('behavior: logs that came before the head of their block', async () => {
    const { clock, told, head, push } = setUp()
    push(logOf(100, 0), logOf(101, 0))
    head(blockOf(100))
    await clock.settle()
    expect(told).toEqual(['logs 100: 0', 'passed 100'])
  })

  test('behavior: what the bloom denies passes without waiting; it is certain only where logs are pushed', async () => {
    const { clock, told, asked, blooms, head, delivery } = setUp()
    for (const number of [100, 101]) blooms.set(hashOf(number), 'no')
    head(blockOf(100))
    await clock.settle()
    expect([told, asked, delivery.uncertainFrom()]).toEqual([['passed 100'], [], Infinity])
    head(blockOf(101), false)
    await clock.settle()
    expect([told, asked, delivery.uncertainFrom()]).toEqual([['passed 100', 'passed 101'], [], 101])
  })

  test('behavior: logs that the bloom denied are given, and it is told', async () => {
    const { clock, told, blooms, head, push } = setUp()
    blooms.set(hashOf(100), 'no')
    push(logOf(100, 0))
    head(blockOf(100))
    await clock.advance(50)
    expect(told).toEqual(['lie p1', 'logs 100: 0', 'passed 100'])
  })
})

describe('what is asked for', () => {
  test('behavior: a block whose bloom says yes, of which nothing came; what was lost is told', async () => {
    const { clock, told, asked, losses, blooms, truth, head } = setUp()
    for (const number of [100, 101]) blooms.set(hashOf(number), 'yes')
    truth.set(hashOf(101), [logOf(101, 0)])
    for (const number of [100, 101]) {
      head(blockOf(number))
      await clock.advance(50)
    }
    expect([told, asked, losses]).toEqual([['passed 100', 'logs 101: 0', 'passed 101'], ['100', '101'], [101]])
  })

  test('behavior: those that wait behind it are asked for together, but the last one, of which more may come', async () => {
    const { clock, told, asked, blooms, truth, head, push, answerBy } = setUp()
    answerBy(() => new Promise((resolve) => void clock.after(100, resolve)))
    for (const block of blocksOf(100, 106)) {
      blooms.set(block.hash, block.number === 102 ? 'no' : 'yes')
      head(block)
    }
    push(logOf(103, 0))
    truth.set(hashOf(104), [logOf(104, 0)])
    await clock.advance(100)
    expect([told, asked]).toEqual([
      [
        'passed 100',
        'passed 101',
        'passed 102',
        'logs 103: 0',
        'passed 103',
        'logs 104: 0',
        'passed 104',
        'passed 105',
      ],
      ['100-105', '106'],
    ])
    await clock.advance(100)
    expect(told.at(-1)).toBe('passed 106')
  })

  test('behavior: later blocks are held back meanwhile, 2 s at most', async () => {
    const { clock, told, blooms, head, push, answerBy } = setUp()
    answerBy(() => new Promise(() => {}))
    blooms.set(hashOf(100), 'yes')
    head(blockOf(100))
    head(blockOf(101))
    push(logOf(101, 0))
    await clock.advance(1_999)
    expect(told).toEqual([])
    await clock.advance(1)
    expect(told).toEqual(['passed 100', 'logs 101: 0', 'passed 101'])
  })

  test('behavior: with verify false nothing that is pushed is asked for', async () => {
    const { clock, told, asked, blooms, head } = setUp({ mayCheck: false })
    blooms.set(hashOf(100), 'yes')
    head(blockOf(100))
    await clock.advance(50)
    expect([told, asked]).toEqual([['passed 100'], []])
  })

  test('behavior: of a suspect source each block that may have logs is asked for', async () => {
    const { clock, told, asked, losses, blooms, truth, head, push } = setUp({ mustCheck: (number) => number < 102 })
    truth.set(hashOf(100), [logOf(100, 0), logOf(100, 1)])
    blooms.set(hashOf(101), 'no')
    push(logOf(100, 1))
    for (const number of [100, 101, 102]) head(blockOf(number))
    await clock.advance(50)
    expect([told, asked, losses]).toEqual([['logs 100: 0 1', 'passed 100', 'passed 101', 'passed 102'], ['100'], []])
  })

  test('behavior: one block by its hash', async () => {
    const { clock, told, asked, head } = setUp()
    head(blockOf(100), false)
    await clock.settle()
    expect([asked, told]).toEqual([['100'], ['passed 100']])
  })

  test('behavior: whoever hears how far it is makes all start over: that has its turn', async () => {
    const { clock, told, asked, head, turns, newestIs, whenPassed } = setUp({ mostFilled: 2 })
    newestIs(blockOf(105))
    whenPassed(() => {
      whenPassed(() => {})
      turns.clear()
      newestIs(blockOf(106))
      turns.add({ type: 'catch-up' })
    })
    for (const block of blocksOf(100, 105)) head(block, false)
    await clock.settle()
    expect([asked, told]).toEqual([
      ['104-105', '100-106'],
      ['gap 100-103: the gap is wider than maxBackfillBlocks', 'passed 105', 'passed 106'],
    ])
  })

  test('behavior: more than maxBackfillBlocks at once: the newest are read, the others reported', async () => {
    const { clock, told, asked, head, newestIs } = setUp({ mostFilled: 2 })
    newestIs(blockOf(105))
    for (const block of blocksOf(100, 105)) head(block, false)
    await clock.settle()
    expect(asked).toEqual(['104-105'])
    expect(told).toEqual(['gap 100-103: the gap is wider than maxBackfillBlocks', 'passed 105'])
  })

  test.each([101, 105])('behavior: blocks 100 to %i that are not pushed, at once as a range', async (to) => {
    const { clock, asked, head } = setUp()
    for (const block of blocksOf(100, to)) head(block, false)
    await clock.settle()
    expect(asked).toEqual([`100-${to}`])
  })

  test('behavior: blocks that are not pushed, many at once as a range', async () => {
    const { clock, told, asked, truth, head } = setUp()
    for (const number of [101, 104]) truth.set(hashOf(number), [logOf(number, 0)])
    for (const block of blocksOf(100, 105)) head(block, false)
    await clock.settle()
    expect(asked).toEqual(['100-105'])
    expect(told).toEqual([
      'passed 100',
      'logs 101: 0',
      'passed 101',
      'passed 102',
      'passed 103',
      'logs 104: 0',
      'passed 104',
      'passed 105',
    ])
  })

  test('behavior: whoever answered for the range is on another branch: one by one', async () => {
    const { clock, asked, told, truth, head, answerBy } = setUp()
    truth.set(hashOf(102, 1), [logOf(102, 0, 1)])
    truth.set(hashOf(102), [logOf(102, 0)])
    head(blockOf(100), false)
    answerBy(async () => {})
    for (const block of blocksOf(101, 103)) head(block, false)
    await clock.settle()
    expect(asked).toEqual(['100-103', '100', '101', '102', '103'])
    expect(told).toContain('logs 102: 0')
    expect(told.filter((line) => line.startsWith('logs'))).toHaveLength(1)
  })

  test('Given a null block or an error during backfill, then it is tried again, and reported after 30 s, not skipped silently', async () => {
    const { clock, told, asked, head, answerBy } = setUp()
    answerBy(() => Promise.reject(new Error('Nobody has it.')))
    head(blockOf(100), false)
    await clock.advance(29_000)
    expect(told).toEqual([])
    expect(asked.length).toBeGreaterThan(10)
    await clock.advance(2_000)
    expect(told).toEqual(['gap 100-100: the logs could not be had', 'passed 100'])
  })

  test('behavior: one answer that takes longer than 30 s, as it is read in many pieces, is waited for', async () => {
    const { clock, told, asked, truth, head, answerBy } = setUp()
    truth.set(hashOf(100), [logOf(100, 0)])
    answerBy(() => new Promise((resolve) => void clock.after(60_000, resolve)))
    head(blockOf(100), false)
    await clock.advance(60_000)
    expect([told, asked]).toEqual([['logs 100: 0', 'passed 100'], ['100']])
  })

  test('behavior: it works again: nothing is missing', async () => {
    const { clock, told, truth, head, answerBy } = setUp()
    truth.set(hashOf(100), [logOf(100, 0)])
    answerBy(() => Promise.reject(new Error('Nobody has it.')))
    head(blockOf(100), false)
    await clock.advance(10_000)
    answerBy(async () => {})
    await clock.advance(2_000)
    expect(told).toEqual(['logs 100: 0', 'passed 100'])
  })
})

describe('a reorg', () => {
  test('default: what was given is taken back, what was not is dropped', async () => {
    const { clock, told, turns, head, push } = setUp()
    push(logOf(100, 0))
    head(blockOf(100))
    await clock.advance(50)
    push(logOf(101, 0))
    head(blockOf(101))
    expect(turns.mayCome(hashOf(101))).toBe(true)
    turns.retract(blockOf(101))
    expect(turns.mayCome(hashOf(101))).toBe(false)
    turns.retract(blockOf(100))
    head(blockOf(100, { branch: 1, parentBranch: 0 }))
    push(logOf(100, 0, 1))
    await clock.advance(50)
    expect(told).toEqual(['logs 100: 0', 'passed 100', 'removed 100: 0', 'logs 100/1: 0', 'passed 100/1'])
  })

  test('behavior: while its logs are asked for: they are not given', async () => {
    const { clock, told, truth, turns, head, answerBy } = setUp()
    truth.set(hashOf(100), [logOf(100, 0)])
    answerBy(() => new Promise((resolve) => void clock.after(500, resolve)))
    head(blockOf(100), false)
    await clock.advance(100)
    turns.retract(blockOf(100))
    head(blockOf(100, { branch: 1 }), false)
    await clock.advance(2_000)
    expect(told).toEqual(['passed 100/1'])
  })
})

describe('another source', () => {
  test('behavior: of blocks that wait no more is pushed: they are asked for', async () => {
    const { clock, told, asked, truth, turns, pushes, head, push } = setUp()
    truth.set(hashOf(100), [logOf(100, 0), logOf(100, 1)])
    head(blockOf(100))
    push(logOf(100, 0))
    await clock.advance(10)
    pushes.begin()
    turns.look()
    await clock.settle()
    expect([told, asked]).toEqual([['logs 100: 0 1', 'passed 100'], ['100']])
  })
})

describe('catching up', () => {
  test('behavior: another head comes while what lies above a gap is read: the gap is told once', async () => {
    const { clock, told, asked, turns, newestIs, answerBy } = setUp({ mostFilled: 10 })
    answerBy(() => new Promise((resolve) => void clock.after(1_000, resolve)))
    newestIs(blockOf(150))
    turns.add({ type: 'catch-up' })
    await clock.advance(500)
    newestIs(blockOf(160))
    await clock.advance(3_000)
    expect(asked).toEqual(['141-150', '151-160'])
    expect(told).toEqual(['gap 100-150: the gap is wider than maxBackfillBlocks', 'passed 160'])
  })

  test('Given a gap larger than maxBackfillBlocks, then the newest part is filled', async () => {
    const { clock, told, asked, turns, newestIs } = setUp({ mostFilled: 10 })
    newestIs(blockOf(150))
    turns.add({ type: 'catch-up' })
    expect(turns.mayCome(hashOf(150))).toBe(true)
    await clock.settle()
    expect([told, asked]).toEqual([['gap 100-140: the gap is wider than maxBackfillBlocks', 'passed 150'], ['141-150']])
    expect(turns.mayCome(hashOf(151))).toBe(false)
  })

  test('behavior: what could not be had is reported', async () => {
    const { clock, told, turns, answerBy, newestIs } = setUp()
    answerBy(() => Promise.reject(new Error('Nobody has it.')))
    newestIs(blockOf(104))
    turns.add({ type: 'catch-up' })
    await clock.advance(31_000)
    expect(told).toEqual(['gap 100-104: the logs could not be had', 'passed 104'])
  })

  test('default: from what was delivered to the newest block', async () => {
    const { clock, told, truth, turns, head, push, newestIs } = setUp()
    push(logOf(100, 0))
    head(blockOf(100))
    await clock.advance(50)
    truth.set(hashOf(100), [logOf(100, 0)])
    truth.set(hashOf(102), [logOf(102, 0)])
    newestIs(blockOf(103))
    turns.add({ type: 'catch-up' })
    await clock.settle()
    expect(told.slice(2)).toEqual(['logs 102: 0', 'passed 102', 'passed 103'])
  })

  test('behavior: blocks that were certain were replaced, and nobody told: those that stand above them stay', async () => {
    const { clock, told, truth, canonical, turns, delivery, newestIs } = setUp({ mostFilled: 1 })
    for (const number of [100, 101, 102]) delivery.give(blockOf(number), [logOf(number, 0)], true)
    canonical.set(101, blockOf(101, { branch: 1 }))
    for (const [hash, log] of [
      [hashOf(100), logOf(100, 0)],
      [hashOf(101, 1), logOf(101, 0, 1)],
      [hashOf(102), logOf(102, 0)],
    ] as const)
      truth.set(hash, [log])
    newestIs(blockOf(103))
    turns.add({ type: 'catch-up' })
    await clock.settle()
    expect(told.slice(6)).toEqual(['removed 101: 0', 'late 101/1: 0', 'passed 101/1', 'passed 103'])
  })

  test('behavior: near the end only what is there is certain: behind its address a node may have answered that was not so far', async () => {
    const { clock, told, asked, truth, turns, delivery, newestIs } = setUp()
    truth.set(hashOf(190), [logOf(190, 0)])
    newestIs(blockOf(200))
    turns.add({ type: 'catch-up' })
    await clock.settle()
    expect([told, asked]).toEqual([['logs 190: 0', 'passed 190', 'passed 200'], ['99-200']])
    expect([delivery.uncertainFrom(), delivery.cursor()?.number]).toEqual([191, 200])
    newestIs(blockOf(300))
    turns.add({ type: 'catch-up' })
    await clock.settle()
    // What was certain may have been replaced meanwhile.
    expect(asked.at(-1)).toBe('127-300')
    expect([delivery.uncertainFrom(), delivery.cursor()?.number]).toEqual([237, 300])
    truth.set(hashOf(301), [logOf(301, 0)])
    newestIs(blockOf(301))
    turns.add({ type: 'catch-up' })
    await clock.settle()
    expect(delivery.uncertainFrom()).toBe(Infinity)
  })

  test('behavior: given a gap so wide that what only looks whole is not read again, then it is not certain', async () => {
    const { clock, asked, turns, delivery, head, newestIs } = setUp({ mostFilled: 100 })
    for (const block of blocksOf(100, 140)) {
      head(block)
      await clock.advance(50)
    }
    expect(delivery.uncertainFrom()).toBe(100)
    newestIs(blockOf(241))
    turns.add({ type: 'catch-up' })
    await clock.settle()
    expect(asked).toEqual(['142-241'])
    expect([delivery.uncertainFrom(), delivery.cursor()?.number]).toEqual([100, 241])
  })

  test('behavior: read for longer than heads remember a block, it is not read again', async () => {
    const { clock, told, asked, turns, newestIs, answerBy } = setUp()
    answerBy(() => new Promise((resolve) => void clock.after(3_000, resolve)))
    newestIs(blockOf(110))
    turns.add({ type: 'catch-up' })
    await clock.advance(1_000)
    newestIs(blockOf(700), 444)
    await clock.advance(2_000)
    expect([told, asked]).toEqual([['passed 110'], ['99-110']])
  })

  test('Given a reorg that happened while disconnected, then the orphaned logs are taken back, newest first, then the new ones', async () => {
    const { clock, told, truth, canonical, turns, head, push, newestIs } = setUp()
    for (const block of blocksOf(100, 102)) {
      push(logOf(block.number, 0))
      head(block)
      await clock.advance(50)
    }
    for (const block of blocksOf(101, 104, { branch: 1, parentBranch: 0 })) {
      canonical.set(block.number, block)
      truth.set(block.hash, [logOf(block.number, 0, 1)])
    }
    newestIs(blockOf(104, { branch: 1 }))
    turns.add({ type: 'catch-up' })
    await clock.settle()
    expect(told.slice(6)).toEqual([
      'removed 102: 0',
      'removed 101: 0',
      ...[101, 102, 103, 104].flatMap((number) => [`logs ${number}/1: 0`, `passed ${number}/1`]),
      'passed 104/1',
    ])
  })

  test('behavior: what is taken back while a range is read is given again by what it reads then', async () => {
    const { clock, told, truth, canonical, turns, head, push, answerBy, newestIs } = setUp()
    push(logOf(100, 0))
    head(blockOf(100))
    await clock.advance(50)
    for (const number of [100, 101]) truth.set(hashOf(number), [logOf(number, 0)])
    newestIs(blockOf(101))
    answerBy(() => new Promise((resolve) => void clock.after(500, resolve)))
    turns.add({ type: 'catch-up' })
    await clock.advance(100)
    // The heads leave the branch, and come back to it while the range is read.
    for (const block of blocksOf(100, 101)) canonical.set(block.number, block)
    newestIs(blockOf(101, { branch: 1 }))
    turns.retract(blockOf(100))
    await clock.advance(500)
    newestIs(blockOf(102))
    await clock.advance(2_000)
    expect(told.slice(2)).toEqual([
      'removed 100: 0',
      'logs 100: 0',
      'passed 100',
      'logs 101: 0',
      'passed 101',
      'passed 102',
    ])
  })
})

describe('a reorg deeper than what is remembered', () => {
  /** 100 to 1 299 were given, and 300 to 1 299 of them are remembered. A new chain from 101 on. */
  function given1200() {
    const made = setUp()
    const { delivery, canonical, truth, told } = made
    for (const block of blocksOf(100, 1_299)) delivery.give(block, [logOf(block.number, 0)], true)
    for (const block of blocksOf(101, 1_300, { branch: 1, parentBranch: 0 })) {
      canonical.set(block.number, block)
      truth.set(block.hash, [logOf(block.number, 0, 1)])
    }
    told.splice(0)
    return made
  }

  test('default: what is not remembered is told, the rest is taken back and given anew', async () => {
    const { clock, told, asked, turns, newestIs } = given1200()
    newestIs(blockOf(1_300, { branch: 1 }))
    turns.add({ type: 'catch-up' })
    await clock.settle()
    expect(told.filter((one) => !one.startsWith('passed'))).toEqual([
      ...Array.from({ length: 1_000 }, (_, index) => `removed ${1_299 - index}: 0`),
      'gap 100-299: what was given there is not remembered',
      ...Array.from({ length: 1_001 }, (_, index) => `logs ${300 + index}/1: 0`),
    ])
    expect(asked).toEqual(['300-1300'])
  })

  test('behavior: the new chain is shorter than that: it is told of, and what comes on top is given', async () => {
    const { clock, told, asked, turns, delivery, newestIs } = given1200()
    newestIs(blockOf(200, { branch: 1 }))
    turns.add({ type: 'catch-up' })
    await clock.advance(2_100)
    expect(told.slice(1_000)).toEqual(['gap 100-200: what was given there is not remembered', 'passed 200/1'])
    expect(asked).toEqual([])
    delivery.give(blockOf(201, { branch: 1 }), [], false)
    expect(delivery.add(blockOf(201, { branch: 1 }), [logOf(201, 0, 1)])).toBe(true)
  })

  test('behavior: nothing was in the blocks that are gone: they count no more, for what is certain and for whose turn it was', async () => {
    const { clock, turns, delivery, newestIs } = setUp()
    for (let number = 100; number < 700; number++) delivery.give(blockOf(number), [], true)
    newestIs(blockOf(400, { branch: 1 }))
    turns.add({ type: 'catch-up' })
    await clock.advance(2_100)
    for (const number of [401, 402, 403]) delivery.give(blockOf(number, { branch: 1 }), [], false)
    expect([delivery.uncertainFrom(), delivery.cursor()?.number]).toEqual([337, 403])
    delivery.add(blockOf(402, { branch: 1 }), [logOf(402, 0, 1)])
    expect(delivery.blocks().map(({ turn }) => turn)).toEqual([602])
  })
})

describe('the end', () => {
  test('behavior: stopped, nothing is given and no timer is left', async () => {
    const { clock, told, head, push, stop } = setUp()
    push(logOf(100, 0))
    head(blockOf(100))
    await clock.settle()
    stop()
    await clock.advance(60_000)
    expect([told, clock.pending.total]).toEqual([[], 0])
  })

  test('behavior: cleared, what waits is forgotten and what comes is given', async () => {
    const { clock, told, turns, head } = setUp()
    head(blockOf(100))
    turns.clear()
    head(blockOf(101))
    await clock.advance(50)
    expect(told).toEqual(['passed 101'])
  })

  test('behavior: stopped, what comes all the same is not looked at', async () => {
    const { clock, told, asked, stop, head } = setUp()
    stop()
    head(blockOf(100), false)
    await clock.advance(60_000)
    expect([told, asked, clock.pending.total]).toEqual([[], [], 0])
  })

  test('default: the last one is the one that waits, else the one that was given', async () => {
    const { clock, turns, head } = setUp()
    expect(turns.last()?.number).toBe(99)
    head(blockOf(100))
    head(blockOf(101))
    expect(turns.last()?.number).toBe(101)
    await clock.advance(100)
    expect(turns.last()?.number).toBe(101)
  })
})
