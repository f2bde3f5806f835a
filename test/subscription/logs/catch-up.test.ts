// A stream of logs that is brought up to the newest block: what it reads, takes back, gives and tells as a gap, and what becomes
// of it when it is left, or the newest block is replaced, meanwhile.

import { describe, expect, test } from 'vitest'
import { createPauses } from '../../../src/base/pause'
import type { Log } from '../../../src/rpc/log'
import { byBlock, indexOf } from '../../../src/rpc/log'
import type { Block } from '../../../src/subscription/block'
import { createCatchUp } from '../../../src/subscription/logs/catch-up'
import { createDelivery } from '../../../src/subscription/logs/delivery'
import type { LogReads } from '../../../src/subscription/logs/log-reads'
import { createManualClock } from '../../support/manual-clock'
import { blockOf, logOf, nameOf } from '../blocks'

function setUp(mostFilled = 10_000) {
  const clock = createManualClock()
  const told: string[] = []
  const asked: string[] = []
  const dropped: number[] = []
  /** Blocks that stand where another one than that of the main branch does. */
  const canonical = new Map<number, Block>()
  const state = {
    tip: undefined as Block | undefined,
    /** What heads remember; all of it unless given. */
    lowest: -1,
    has: (_hash: string) => true,
    isLeft: false,
    /** What the only provider tells when it is asked for its newest block. */
    latest: undefined as Block | undefined,
    logs: [] as Log[] | undefined,
    /** Runs when something is asked, before it is answered. */
    onAsk: (_what: string) => {},
  }
  const delivery = createDelivery({
    onItem(item) {
      if (item.type === 'passed') told.push(`passed ${nameOf(item)}`)
      if (item.type === 'logs' && item.results.length > 0)
        told.push(`${item.isRemoved ? 'removed' : 'logs'} ${nameOf(item)}: ${item.results.map(indexOf).join(' ')}`)
    },
    onGap: (from, to, why) => told.push(`gap ${from}-${to}: ${why}`),
  })
  delivery.begin(blockOf(99))
  const ask = (what: string) => {
    asked.push(what)
    state.onAsk(what)
  }
  const reads: Pick<LogReads, 'ofRange' | 'untilDone'> = {
    async ofRange(from, to) {
      ask(`logs ${from}-${to}`)
      if (!state.logs) throw new Error('Nobody has them.')
      return byBlock(state.logs.filter(({ blockNumber }) => Number(blockNumber) >= from && Number(blockNumber) <= to))
    },
    untilDone: (run) => run().catch(() => undefined),
  }
  const catchUp = createCatchUp(
    {
      clock,
      delivery,
      reads: reads as LogReads,
      heads: { tip: () => state.tip, has: (hash) => state.has(hash), lowest: () => state.lowest },
      backfill: {
        async byNumber(number) {
          ask(`block ${number}`)
          return canonical.get(number) ?? blockOf(number)
        },
        latest: async () => state.latest,
      },
      providers: () => ['p1'],
      mostFilled: { logs: mostFilled },
    },
    createPauses(clock),
    (number) => dropped.push(number),
  )
  /** Gives logs of these blocks, one each, and then blocks without logs up to `end`. */
  function give(numbers: number[], end: number, isCertain = false) {
    for (let number = delivery.height() + 1; number <= end; number++)
      delivery.give(blockOf(number), numbers.includes(number) ? [logOf(number, 0)] : [], isCertain)
    told.length = 0
  }
  return {
    clock,
    told,
    asked,
    dropped,
    canonical,
    state,
    delivery,
    give,
    run: (anewAbove?: number) => catchUp.toNewest(() => state.isLeft, anewAbove),
  }
}

/** Whether a promise has settled, and to what. */
function outcomeOf<value>(promise: Promise<value>) {
  const outcome: { value?: value } = {}
  promise.then((value) => {
    outcome.value = value
  })
  return outcome
}

describe('the newest block', () => {
  test('default: what was missed is given, with the logs up to the newest block', async () => {
    const { told, asked, dropped, state, delivery, run } = setUp()
    state.tip = blockOf(103)
    state.logs = [logOf(101, 0), logOf(103, 1)]
    expect(await run()).toBe(true)
    expect(told).toEqual(['logs 101: 0', 'passed 101', 'logs 103: 1', 'passed 103', 'passed 103'])
    expect(asked).toEqual(['logs 99-103'])
    expect(dropped).toEqual([103])
    expect([delivery.height(), delivery.uncertainFrom()]).toEqual([103, Infinity])
  })

  test('behavior: while no head is known nothing is done, and the next try comes half a second later', async () => {
    const { clock, told, asked, run } = setUp()
    const outcome = outcomeOf(run())
    await clock.advance(499)
    expect(outcome).toEqual({})
    await clock.advance(1)
    expect(outcome).toEqual({ value: false })
    expect([told, asked]).toEqual([[], []])
  })

  test('behavior: heads that are behind the logs are waited for, and looked at every 50 ms', async () => {
    const { clock, dropped, state, give, run } = setUp()
    give([], 102)
    state.tip = blockOf(101)
    const outcome = outcomeOf(run())
    await clock.advance(1_000)
    state.tip = blockOf(102)
    await clock.advance(49)
    expect(outcome).toEqual({})
    await clock.advance(1)
    expect(outcome).toEqual({ value: true })
    expect(dropped).toEqual([102])
  })

  test('behavior: after two seconds the heads are taken to be right', async () => {
    const { clock, dropped, state, give, run } = setUp()
    give([], 102)
    state.tip = blockOf(101)
    const outcome = outcomeOf(run())
    await clock.advance(1_999)
    expect(outcome).toEqual({})
    await clock.advance(1)
    expect(outcome).toEqual({ value: true })
    expect(dropped).toEqual([101])
  })

  test('behavior: once it is left, it waits for no head any more', async () => {
    const { clock, told, dropped, state, give, run } = setUp()
    give([], 102)
    state.tip = blockOf(101)
    const outcome = outcomeOf(run())
    state.isLeft = true
    await clock.advance(50)
    expect(outcome).toEqual({ value: false })
    expect([told, dropped]).toEqual([[], []])
  })
})

describe('what was replaced meanwhile', () => {
  test('behavior: blocks with logs that do not stand any more are taken back, down to the first that does', async () => {
    const { told, asked, canonical, state, give, run } = setUp()
    give([100, 101, 103], 103)
    state.tip = blockOf(104)
    state.logs = [logOf(100, 0), logOf(101, 0, 1)]
    for (const number of [101, 102, 103]) canonical.set(number, blockOf(number, { branch: 1 }))
    expect(await run()).toBe(true)
    expect(told.slice(0, 3)).toEqual(['removed 103: 0', 'removed 101: 0', 'logs 101/1: 0'])
    expect(asked.slice(0, 3)).toEqual(['block 103', 'block 101', 'block 100'])
    expect(told.at(-1)).toBe('passed 104')
  })

  test('behavior: blocks above the newest one are taken back unasked', async () => {
    const { clock, told, asked, state, give, run } = setUp()
    give([100, 102, 103], 103)
    state.tip = blockOf(102)
    state.logs = [logOf(100, 0), logOf(102, 0)]
    const outcome = outcomeOf(run())
    await clock.advance(2_000)
    expect(outcome).toEqual({ value: true })
    expect(told[0]).toBe('removed 103: 0')
    expect(asked[0]).toBe('block 102')
  })

  test('behavior: a newest block of the height of the last one given is compared with that one', async () => {
    const { told, asked, canonical, state, give, run } = setUp()
    give([100], 102)
    state.tip = blockOf(102, { branch: 1 })
    canonical.set(102, state.tip)
    state.logs = [logOf(100, 0), logOf(101, 0, 1)]
    expect(await run()).toBe(true)
    // Block 101 was passed without logs, so it is not remembered: it may have been replaced as well, and is read again.
    expect(asked).toEqual(['block 100', 'block 102', 'logs 100-102'])
    expect(told).toEqual(['logs 101/1: 0', 'passed 101/1', 'passed 102/1'])
  })

  test('behavior: without blocks with logs, the last 256 are read again where the last one does not stand', async () => {
    const { asked, canonical, state, give, run } = setUp()
    give([], 499, true)
    state.tip = blockOf(500)
    canonical.set(499, blockOf(499, { branch: 1 }))
    await run()
    // 64 more: where no heads tell of a reorg, blocks below may have been replaced too.
    expect(asked).toEqual(['block 499', `logs ${499 - 256 - 1 - 64}-500`])
  })

  test('behavior: a stream that has given nothing yet asks for no block before its own', async () => {
    const { asked, state, run } = setUp()
    state.tip = blockOf(99)
    await run()
    expect(asked.filter((what) => what.startsWith('block'))).toEqual([])
  })

  test('behavior: what is found to be replaced by the logs that were read is taken back before they are given', async () => {
    const { told, asked, canonical, state, give, run } = setUp()
    give([100, 101, 102], 102)
    state.tip = blockOf(103)
    state.logs = [logOf(100, 0), logOf(101, 3, 1), logOf(102, 0)]
    canonical.set(101, blockOf(101, { branch: 1 }))
    expect(await run()).toBe(true)
    expect(asked).toEqual(['block 102', 'logs 100-103', 'block 101'])
    expect(told.slice(0, 2)).toEqual(['removed 101: 0', 'logs 101/1: 3'])
  })
})

describe('a chain that has become shorter than where the stream began', () => {
  test('behavior: all blocks above where it began anew are given, at once', async () => {
    const { told, asked, dropped, state, delivery, give, run } = setUp()
    give([101], 102)
    state.tip = blockOf(3, { branch: 1 })
    state.logs = [logOf(0, 0, 1), logOf(2, 0, 1)]
    expect(await run(-1)).toBe(true)
    expect(told).toEqual([
      'removed 101: 0',
      ...['logs 0/1: 0', 'passed 0/1', 'logs 2/1: 0', 'passed 2/1', 'passed 3/1'],
    ])
    expect([asked, dropped, delivery.height()]).toEqual([['logs 0-3'], [3], 3])
  })

  test('behavior: heads that have begun since do not tell: if the providers do, the blocks of these heads are given', async () => {
    const { clock, told, state, give, run } = setUp()
    give([101], 102)
    state.tip = state.latest = blockOf(3, { branch: 1 })
    state.lowest = 1
    state.logs = [logOf(1, 0, 1), logOf(2, 0, 1)]
    const outcome = outcomeOf(run())
    await clock.advance(2_999)
    expect([outcome, told]).toEqual([{}, []])
    await clock.advance(1)
    expect(outcome).toEqual({ value: true })
    expect(told).toEqual(['removed 101: 0', 'logs 2/1: 0', 'passed 2/1', 'passed 3/1'])
  })

  test('behavior: a provider that is as high as the stream says that it is not: what came before the stream is not given', async () => {
    const { clock, told, state, delivery, run } = setUp()
    state.tip = blockOf(97)
    state.latest = blockOf(99)
    state.lowest = 95
    state.logs = [logOf(96, 0), logOf(97, 0)]
    const outcome = outcomeOf(run())
    await clock.advance(2_000)
    expect([outcome, told, delivery.begunAt()]).toEqual([{ value: true }, ['passed 97'], 100])
  })

  test('behavior: once it is left, what the providers say changes nothing', async () => {
    const { clock, told, dropped, state, give, run } = setUp()
    give([101], 102)
    state.tip = state.latest = blockOf(3, { branch: 1 })
    const outcome = outcomeOf(run())
    await clock.advance(2_000)
    state.isLeft = true
    await clock.advance(1_000)
    expect([outcome, told, dropped]).toEqual([{ value: false }, [], []])
  })
})

describe('when it is left, or the newest block is replaced', () => {
  const steps = ['block 102', 'logs 100-103', 'block 101'] as const

  test.each(steps)('behavior: left at %s, nothing more is given, taken back or told', async (step) => {
    const { told, asked, canonical, state, give, run } = setUp()
    give([100, 101, 102], 102)
    state.tip = blockOf(103)
    state.logs = [logOf(100, 0), logOf(101, 3, 1), logOf(102, 0), logOf(103, 0)]
    for (const number of [101, 102]) canonical.set(number, blockOf(number))
    state.onAsk = (what) => {
      if (what === step) state.isLeft = true
    }
    expect(await run()).toBe(false)
    expect(told).toEqual([])
    expect(asked.at(-1)).toBe(step)
  })

  test('behavior: an orphan that is found as it is left is not taken back: whoever goes on finds it again', async () => {
    const { told, canonical, state, give, run } = setUp()
    give([100, 101, 102], 102)
    state.tip = blockOf(103)
    canonical.set(102, blockOf(102, { branch: 1 }))
    state.onAsk = () => {
      state.isLeft = true
    }
    expect(await run()).toBe(false)
    expect(told).toEqual([])
  })

  test('behavior: a newest block that is replaced while its logs are read makes it start over', async () => {
    const { told, delivery, state, run } = setUp()
    state.tip = blockOf(103)
    state.lowest = 103
    state.logs = [logOf(101, 0)]
    state.onAsk = (what) => {
      if (what.startsWith('logs')) state.has = () => false
    }
    expect(await run()).toBe(false)
    expect([told, delivery.height()]).toEqual([[], 99])
  })

  test('behavior: a newest block that the heads merely remember no more stands', async () => {
    const { delivery, state, run } = setUp()
    state.tip = blockOf(103)
    state.lowest = 104
    state.has = () => false
    expect(await run()).toBe(true)
    expect(delivery.height()).toBe(103)
  })

  test('behavior: a gap is told by the run that gets through, not by one that has to start over', async () => {
    const { told, state, run } = setUp(10)
    state.tip = blockOf(203)
    state.onAsk = (what) => {
      if (what.startsWith('logs')) state.has = () => false
    }
    expect(await run()).toBe(false)
    expect(told).toEqual([])
    state.has = () => true
    state.onAsk = () => {}
    expect(await run()).toBe(true)
    expect(told).toEqual(['gap 100-193: the gap is wider than maxBackfillBlocks', 'passed 203'])
  })
})

describe('what cannot be had', () => {
  test.each([103, 100])(
    'behavior: logs that nobody has are a gap up to the newest block (%s), where the stream then stands',
    async (newest) => {
      const { told, delivery, state, run } = setUp()
      state.tip = blockOf(newest)
      state.logs = undefined
      expect(await run()).toBe(true)
      expect(told).toEqual([`gap 100-${newest}: the logs could not be had`, `passed ${newest}`])
      expect(delivery.height()).toBe(newest)
    },
  )

  test('behavior: blocks that were given and could not be read again are no gap, but as uncertain as before', async () => {
    const { told, delivery, state, give, run } = setUp()
    give([100], 102)
    state.tip = blockOf(103)
    state.logs = undefined
    expect(await run()).toBe(true)
    expect(told).toEqual(['gap 103-103: the logs could not be had', 'passed 103'])
    expect(delivery.uncertainFrom()).toBe(100)
  })

  test('behavior: without logs of the newest block, the last 64 blocks stay uncertain: a lower node may have answered', async () => {
    const { delivery, state, run } = setUp()
    state.tip = blockOf(300)
    state.logs = [logOf(101, 0)]
    expect(await run()).toBe(true)
    expect(delivery.uncertainFrom()).toBe(300 - 64 + 1)
  })
})
