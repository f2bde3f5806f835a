// What a stream of logs gave on trust, read again: what was missing is given late, and a loss casts doubt on what lies before.

import { describe, expect, test } from 'vitest'
import { createGate } from '../../../src/base/gate'
import { createDelivery } from '../../../src/subscription/logs/delivery'
import { createLogCheck } from '../../../src/subscription/logs/log-check'
import { createLogReads } from '../../../src/subscription/logs/log-reads'
import { createManualClock } from '../../support/manual-clock'
import { blockOf, hashOf, logOf } from '../blocks'

/** As many blocks from 100 on were given, with a log each; some of them have another one. */
function setUp(count: number, ...lost: number[]) {
  let pushedFrom = 100
  let overTo = Infinity
  let meanwhile = () => {}
  const clock = createManualClock()
  const late: number[] = []
  const asked: string[] = []
  const losses: number[] = []
  const gaps: string[] = []
  const delivery = createDelivery({
    onItem: (item) => item.type === 'logs' && item.isLate && late.push(item.number),
    onGap: (from, to) => gaps.push(`${from}-${to}`),
  })
  delivery.begin(blockOf(99))
  for (let number = 100; number < 100 + count; number++) delivery.give(blockOf(number), [logOf(number, 0)], false)
  const logsIn = async ({ from, to }: { from: number; to: number }) => {
    asked.push(`${from}-${to}`)
    meanwhile()
    const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index)
    return numbers
      .filter((number) => number <= end)
      .flatMap((number) => [logOf(number, 0), ...(lost.includes(number) ? [logOf(number, 1)] : [])])
  }
  let hasHeads = true
  let end = Infinity
  const check = createLogCheck({
    clock,
    reads: createLogReads(clock, createGate(1), { logsIn } as never, {}),
    delivery,
    hasHeads: () => hasHeads,
    isOver: ({ number }) => number <= overTo,
    isPushed: (number) => number >= pushedFrom,
    onLoss(number) {
      losses.push(number)
      delivery.giveUp()
      void check.run()
    },
  })
  const goWithoutHeads = () => {
    hasHeads = false
  }
  const pushesFrom = (number: number) => {
    pushedFrom = number
  }
  const logsEndAt = (number: number) => {
    end = number
  }
  const areOverTo = (number: number) => {
    overTo = number
  }
  const whileAsked = (run: () => void) => {
    meanwhile = run
  }
  return {
    clock,
    check,
    delivery,
    goWithoutHeads,
    areOverTo,
    whileAsked,
    pushesFrom,
    logsEndAt,
    late,
    asked,
    losses,
    gaps,
  }
}

describe('run', () => {
  test('default: nothing is missing: it is certain', async () => {
    const { check, delivery, late, asked, losses } = setUp(10)
    await check.run()
    await check.run()
    expect([asked, late, losses, delivery.uncertainFrom()]).toEqual([['100-109'], [], [], Infinity])
  })

  test('behavior: what is missing is given late and told, and read once', async () => {
    const { check, late, asked, losses } = setUp(10, 103)
    await check.run()
    expect([asked, late, losses]).toEqual([['100-109'], [103], [109]])
  })

  test('behavior: what is missing from before the present place pushed is no loss of its own', async () => {
    const { check, delivery, late, losses, pushesFrom } = setUp(10, 103)
    pushesFrom(104)
    await check.run()
    expect([late, losses, delivery.uncertainFrom()]).toEqual([[103], [], Infinity])
  })

  test('behavior: without heads nobody tells what was replaced: 64 blocks that were certain are read again', async () => {
    const { check, delivery, goWithoutHeads, asked, losses } = setUp(100)
    goWithoutHeads()
    await check.run()
    delivery.give(blockOf(200), [logOf(200, 0)], false)
    await check.run()
    expect([asked, losses]).toEqual([['100-199', '136-200'], []])
  })

  test('behavior: up to a block above what was delivered: it is passed where no more logs are there', async () => {
    const { check, delivery, goWithoutHeads, logsEndAt, asked, losses } = setUp(10)
    goWithoutHeads()
    logsEndAt(109)
    expect(await check.run(blockOf(120))).toBe(false)
    expect([delivery.cursor(), delivery.uncertainFrom()]).toEqual([blockOf(120), Infinity])
    logsEndAt(130)
    expect(await check.run(blockOf(130))).toBe(true)
    expect([delivery.cursor()?.number, delivery.has(hashOf(121)), asked, losses]).toEqual([
      130,
      true,
      ['100-120', '100-130'],
      [130],
    ])
  })

  test('behavior: a block that was given is not there any more: it is a loss, and nothing is certain', async () => {
    const { check, delivery, logsEndAt, late, losses } = setUp(10)
    logsEndAt(105)
    delivery.giveUp = () => {}
    expect(await check.run()).toBe(true)
    expect([late, losses.slice(0, 1), delivery.uncertainFrom()]).toEqual([[], [109], 100])
  })

  test('behavior: a reorg comes in between: nothing is certain, and what it took back is no loss', async () => {
    const { check, delivery, whileAsked, logsEndAt, losses } = setUp(10)
    logsEndAt(107)
    whileAsked(() => delivery.takeBack(blockOf(109)))
    expect(await check.run()).toBe(false)
    expect([losses, delivery.uncertainFrom()]).toEqual([[], 100])
  })

  test('behavior: the answer has a block that is not known: it is not given, and nothing is certain', async () => {
    const { check, delivery, areOverTo, late, losses } = setUp(10, 108)
    areOverTo(107)
    expect(await check.run()).toBe(false)
    expect([late, losses, delivery.uncertainFrom()]).toEqual([[], [], 100])
  })

  test.each(['heads tell the order', 'the stream goes on meanwhile', 'a block is not known'])(
    'behavior: up to a block above what was delivered, while %s: it is not passed',
    async (what) => {
      const { check, delivery, goWithoutHeads, logsEndAt, areOverTo, whileAsked } = setUp(10)
      logsEndAt(109)
      if (what !== 'heads tell the order') goWithoutHeads()
      if (what === 'a block is not known') areOverTo(108)
      if (what === 'the stream goes on meanwhile') whileAsked(() => delivery.give(blockOf(110), [], false))
      const cursor = what === 'the stream goes on meanwhile' ? 110 : 109
      expect(await check.run(blockOf(120))).toBe(false)
      expect(delivery.height()).toBe(cursor)
      delivery.give(blockOf(111), [], false)
      expect(delivery.uncertainFrom()).toBe(what === 'a block is not known' ? 100 : cursor + 1)
    },
  )

  test('behavior: one at a time; nobody answers: nothing is certain', async () => {
    const { check, delivery, whileAsked } = setUp(10)
    whileAsked(() => {
      throw new Error('Nobody can be reached.')
    })
    const both = [check.run(), check.run()]
    expect([await Promise.all(both), delivery.uncertainFrom()]).toEqual([[false, false], 100])
  })

  test('behavior: what is too old to be looked at is trusted until a loss is found', async () => {
    const whole = setUp(1_300)
    await whole.check.run()
    expect([whole.asked, whole.gaps]).toEqual([['400-1399'], []])
    const other = setUp(1_300, 200, 1_390)
    await other.check.run()
    expect([other.late, other.losses, other.gaps]).toEqual([[1_390], [1_399], ['100-399']])
  })
})

describe('start', () => {
  test.each([
    [10, 1, 60_000],
    [510, 1, 10_000],
    [10, 1_100, 10_000],
  ])(
    'behavior: after the first 10 s %i blocks of %i logs are read after %i ms, before they are forgotten',
    async (count, logs, ms) => {
      const { clock, check, delivery, asked } = setUp(0)
      check.start()
      await clock.advance(10_000)
      for (let number = 100; number < 100 + count; number++)
        delivery.give(
          blockOf(number),
          Array.from({ length: logs }, (_, index) => logOf(number, index)),
          false,
        )
      await clock.advance(ms - 1)
      expect(asked).toEqual([])
      await clock.advance(1)
      expect(asked).toEqual([`100-${99 + count}`])
      check.stop()
    },
  )

  test('behavior: a stream is read for the first time after 10 s, then once a minute', async () => {
    const { clock, check, delivery, asked } = setUp(1)
    check.start()
    await clock.advance(9_999)
    expect(asked).toEqual([])
    await clock.advance(1)
    expect(asked).toEqual(['100-100'])
    delivery.give(blockOf(101), [], false)
    await clock.advance(59_999)
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    expect(asked).toEqual(['100-100', '101-101'])
    check.stop()
  })
})
