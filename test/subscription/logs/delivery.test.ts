// What a stream of logs gives, takes back and adds late; which blocks it calls certain.

import { describe, expect, test } from 'vitest'
import { indexOf } from '../../../src/rpc/log'
import { createDelivery } from '../../../src/subscription/logs/delivery'
import type { Item } from '../../../src/subscription/stream'
import { blockOf, hashOf, logOf, nameOf } from '../blocks'

function setUp() {
  const items: Item[] = []
  const gaps: string[] = []
  const delivery = createDelivery({
    onItem: (item) => items.push(item),
    onGap: (from, to) => gaps.push(`${from}-${to}`),
  })
  delivery.begin(blockOf(99))
  /** What was given since the last call: `logs 100: 0 1`, `removed 100: 1 0`, `late logs 100: 2`, `passed 100`. */
  function given() {
    return items.splice(0).map((item) => {
      if (item.type === 'passed') return `passed ${nameOf(item)}`
      if (item.type !== 'logs') throw new Error(`What is a ${item.type} here?`)
      const name = item.isRemoved ? 'removed' : 'logs'
      return `${item.isLate ? 'late ' : ''}${name} ${nameOf(item)}: ${item.results.map(indexOf).join(' ')}`
    })
  }
  return { delivery, items, gaps, given }
}

describe('give', () => {
  test('default: the logs of a block, then that it has passed', () => {
    const { delivery, given } = setUp()
    delivery.give(blockOf(100), [logOf(100, 1), logOf(100, 0)], true)
    delivery.give(blockOf(101), [], true)
    expect(given()).toEqual(['logs 100: 0 1', 'passed 100', 'passed 101'])
    expect([delivery.cursor(), delivery.has(hashOf(100)), delivery.has(hashOf(101))]).toEqual([
      blockOf(101),
      true,
      false,
    ])
  })

  test('behavior: a log is given once', () => {
    const { delivery, given } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0), logOf(100, 0)], true)
    delivery.give(blockOf(100), [logOf(100, 0), logOf(100, 1)], true)
    expect(given()).toEqual(['logs 100: 0', 'passed 100', 'logs 100: 1', 'passed 100'])
  })

  test('behavior: what stands at its height with another hash is taken back first: that it was orphaned may have been lost', () => {
    const { delivery, given } = setUp()
    for (const number of [100, 101]) delivery.give(blockOf(number), [logOf(number, 2)], true)
    given()
    delivery.give(blockOf(101, { branch: 1 }), [logOf(101, 0, 1)], true)
    delivery.takeBack(blockOf(101))
    expect(given()).toEqual(['removed 101: 2', 'logs 101/1: 0', 'passed 101/1', 'removed 101: '])
  })

  test('behavior: behind a block that was taken back late, what takes its place is late too while later ones stand', () => {
    const { delivery, given } = setUp()
    for (const number of [100, 104]) delivery.give(blockOf(number), [logOf(number, 0)], false)
    delivery.takeBack(blockOf(100))
    given()
    delivery.give(blockOf(100, { branch: 1 }), [logOf(100, 0, 1)], true)
    delivery.give(blockOf(103), [], true)
    delivery.give(blockOf(105), [logOf(105, 0)], true)
    expect(given()).toEqual(['late logs 100/1: 0', 'passed 100/1', 'passed 103', 'logs 105: 0', 'passed 105'])
  })

  test('behavior: each block has its turn: who joined later has none of the earlier ones', () => {
    const { delivery, items } = setUp()
    expect(delivery.turn()).toBe(0)
    delivery.give(blockOf(100), [logOf(100, 0)], true)
    delivery.give(blockOf(101), [], true)
    expect(delivery.turn()).toBe(2)
    delivery.give(blockOf(102), [logOf(102, 0)], true)
    expect(items.flatMap((item) => (item.type === 'logs' ? [item.turn] : []))).toEqual([0, 2])
  })
})

describe('takeBack', () => {
  test('Given a reorg, then the orphaned logs arrive with removed:true, newest first, then the new ones', () => {
    const { delivery, given, items } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0), logOf(100, 1)], true)
    delivery.give(blockOf(101), [logOf(101, 0), logOf(101, 1)], true)
    given()
    delivery.takeBack(blockOf(101))
    delivery.takeBack(blockOf(100))
    const flags = items.flatMap((item) => item.results.map((log) => (log as { removed: boolean }).removed))
    delivery.give(blockOf(100, { branch: 1 }), [logOf(100, 0, 1)], true)
    expect(given()).toEqual(['removed 101: 1 0', 'removed 100: 1 0', 'logs 100/1: 0', 'passed 100/1'])
    expect(flags).toEqual([true, true, true, true])
  })

  test('behavior: a block without logs is taken back too, for those that wait for confirmations; the cursor goes back', () => {
    const { delivery, given } = setUp()
    delivery.give(blockOf(100), [], true)
    given()
    delivery.takeBack(blockOf(100))
    expect([given(), delivery.cursor()]).toEqual([['removed 100: '], { number: 99, hash: hashOf(99), provider: 'p1' }])
  })

  test('behavior: a block above the last one moves nothing, and each one counts', () => {
    const { delivery } = setUp()
    delivery.give(blockOf(100), [], true)
    delivery.takeBack(blockOf(101))
    expect([delivery.cursor(), delivery.takenBack()]).toEqual([blockOf(100), 1])
    delivery.takeBack({ number: 100, hash: hashOf(100) })
    expect([delivery.cursor()?.number, delivery.cursor()?.hash, delivery.takenBack()]).toEqual([99, '', 2])
  })

  test('behavior: a block whose replacement was found after later logs were given is taken back late', () => {
    const { delivery, given } = setUp()
    for (const number of [100, 101, 102]) delivery.give(blockOf(number), [logOf(number, 0)], false)
    given()
    for (const number of [101, 100, 102]) delivery.takeBack(blockOf(number))
    expect(given()).toEqual(['late removed 101: 0', 'late removed 100: 0', 'removed 102: 0'])
  })

  test('behavior: of a block that replaces one from before the beginning, logs that are found late are given too', () => {
    const { delivery, given } = setUp()
    delivery.begin(blockOf(99))
    delivery.takeBack(blockOf(99))
    delivery.give(blockOf(99, { branch: 1 }), [logOf(99, 0, 1)], false)
    expect(delivery.add(blockOf(99, { branch: 1 }), [logOf(99, 1, 1)])).toBe(true)
    expect([given(), delivery.begunAt()]).toEqual([['removed 99: ', 'logs 99/1: 0', 'passed 99/1', 'logs 99/1: 1'], 99])
  })

  test('behavior: the same block again after it was taken back is given again', () => {
    const { delivery, given } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0)], true)
    delivery.takeBack(blockOf(100))
    delivery.give(blockOf(100), [logOf(100, 0)], true)
    expect(given()).toEqual(['logs 100: 0', 'passed 100', 'removed 100: 0', 'logs 100: 0', 'passed 100'])
  })
})

describe('noteBefore', () => {
  const read = (number: number) => ({ number, hash: hashOf(number), logs: [logOf(number, 0)] })

  test('behavior: what was read from before the beginning can be taken back, from those alone who began earlier', () => {
    const { delivery, given, items } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0)], true)
    delivery.noteBefore(98, [98, 99, 100].map(read))
    expect([delivery.begunAt(), delivery.blocks().map(nameOf)]).toEqual([98, ['100', '99', '98']])
    given()
    delivery.takeBack(blockOf(99))
    expect(items.map((item) => (item.type === 'logs' ? item.turn : undefined))).toEqual([-1])
    expect(given()).toEqual(['late removed 99: 0'])
    expect(delivery.since(98)?.map(nameOf)).toEqual(['98', '100'])
  })

  test('behavior: not more than the last 1 000 blocks', () => {
    const { delivery } = setUp()
    delivery.give(blockOf(1_084), [], true)
    delivery.noteBefore(10, [80, 84, 85, 90].map(read))
    expect([delivery.begunAt(), delivery.blocks().map(nameOf)]).toEqual([85, ['90', '85']])
  })

  test('behavior: what was read of a gap that was told can be taken back, but is given to nobody else', () => {
    const { delivery, given, items } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0)], true)
    delivery.onGap(101, 103, '')
    delivery.give(blockOf(104), [], true)
    given()
    const found = [100, 102, 104].map(read)
    delivery.noteBefore(90, found)
    for (const block of found) delivery.add(block, block.logs)
    expect(given()).toEqual(['logs 104: 0'])
    for (const number of [104, 102]) delivery.takeBack(blockOf(number))
    expect(items.map((item) => (item.type === 'logs' ? item.turn : undefined))).toEqual([1, -1])
    expect(given()).toEqual(['removed 104: 0', 'removed 102: 0'])
    delivery.give(blockOf(102, { branch: 1 }), [logOf(102, 0, 1)], true)
    expect(given()).toEqual(['logs 102/1: 0', 'passed 102/1'])
  })

  test('behavior: nothing of a gap that is too old to be remembered', () => {
    const { delivery } = setUp()
    for (let number = 100; number < 1_500; number++) {
      if (number === 600) delivery.onGap(480, 600, '')
      else delivery.give(blockOf(number), [logOf(number, 0)], true)
    }
    delivery.noteBefore(90, [490, 499, 600].map(read))
    expect([delivery.forgotten(), delivery.blocks().at(-1)?.number, delivery.has(hashOf(600))]).toEqual([
      499,
      500,
      true,
    ])
  })
})

describe('what was read from before the beginning', () => {
  const read = (number: number) => ({ number, hash: hashOf(number), logs: [logOf(number, 0)] })

  test('behavior: without logs of the last block, a node that is behind may have answered: it is read again', () => {
    const uncertainFrom = (numbers: readonly number[]) => {
      const { delivery } = setUp()
      delivery.give(blockOf(200), [], true)
      delivery.noteBefore(100, numbers.map(read))
      return delivery.uncertainFrom()
    }
    expect([uncertainFrom([120, 200]), uncertainFrom([120, 199])]).toEqual([Infinity, 137])
  })

  test('behavior: what is found there late is for those alone who began earlier', () => {
    const { delivery, items } = setUp()
    delivery.begin(blockOf(99))
    delivery.give(blockOf(101), [], false)
    delivery.noteBefore(90, [])
    for (const number of [95, 100]) delivery.add(blockOf(number), [logOf(number, 0)])
    expect(items.flatMap((item) => (item.type === 'logs' ? [[item.number, item.turn]] : []))).toEqual([
      [95, -1],
      [100, 0],
    ])
  })
})

describe('add', () => {
  test('behavior: nothing of a gap that was told, as callers read that on their own; but of blocks that replace it', () => {
    const { delivery, given } = setUp()
    delivery.give(blockOf(100), [], false)
    delivery.onGap(101, 109, '')
    delivery.give(blockOf(112), [logOf(112, 0)], false)
    delivery.onGap(113, 113, '')
    delivery.give(blockOf(114), [], false)
    given()
    const add = (number: number, branch = 0) =>
      delivery.add({ number, hash: hashOf(number, branch) }, [logOf(number, 0, branch)])
    expect([100, 101, 109, 110, 112, 113].map((number) => add(number))).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
    ])
    delivery.takeBack(blockOf(105))
    expect([104, 105, 113].map((number) => add(number, 1))).toEqual([false, true, true])
    expect(given()).toEqual([
      'late logs 100: 0',
      'late logs 110: 0',
      'removed 105: ',
      'late logs 105/1: 0',
      'logs 113/1: 0',
    ])
  })

  test('behavior: what is found after later logs were given is late', () => {
    const { delivery, given } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0)], false)
    delivery.give(blockOf(101), [], false)
    expect(delivery.add(blockOf(100), [logOf(100, 1)])).toBe(true)
    delivery.give(blockOf(102), [logOf(102, 0)], false)
    given()
    expect([delivery.add(blockOf(100), [logOf(100, 2)]), delivery.add(blockOf(102), [logOf(102, 1)])]).toEqual([
      true,
      true,
    ])
    expect(given()).toEqual(['late logs 100: 2', 'logs 102: 1'])
  })

  test('behavior: in the newest block, only what stands before its others is late', () => {
    const { delivery, given } = setUp()
    delivery.give(blockOf(100), [logOf(100, 1)], false)
    given()
    delivery.add(blockOf(100), [logOf(100, 2)])
    delivery.add(blockOf(100), [logOf(100, 0)])
    expect(given()).toEqual(['logs 100: 2', 'late logs 100: 0'])
  })

  test('behavior: which blocks of a range are not canonical, the newest first', () => {
    const { delivery } = setUp()
    for (const number of [100, 101, 102, 103, 104]) delivery.give(blockOf(number), [logOf(number, 0)], true)
    const missing = delivery.missingFrom([{ ...blockOf(102), logs: [] }], 101, 103)
    expect(missing.map(({ number }) => number)).toEqual([103, 101])
  })

  test('behavior: what was given already is nothing new', () => {
    const { delivery, given } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0)], false)
    given()
    expect([delivery.add(blockOf(100), [logOf(100, 0)]), given()]).toEqual([false, []])
  })

  test('behavior: what lies before the beginning is not given', () => {
    const { delivery, given } = setUp()
    expect([delivery.add(blockOf(99), [logOf(99, 0)]), given()]).toEqual([false, []])
  })

  test('behavior: what is found late has the turn of its block', () => {
    const { delivery, items } = setUp()
    for (let number = 100; number <= 104; number++) delivery.give(blockOf(number), [], false)
    delivery.add(blockOf(102), [logOf(102, 0)])
    expect(items.flatMap((item) => (item.type === 'logs' ? [item.turn] : []))).toEqual([2])
  })

  test('behavior: a block that was passed over had its turn with the next one: who was there by then is given it', () => {
    const { delivery, items } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0)], false)
    delivery.give(blockOf(110), [logOf(110, 0)], false)
    delivery.give(blockOf(120), [logOf(120, 0)], false)
    items.splice(0)
    delivery.add(blockOf(105), [logOf(105, 0)])
    delivery.add(blockOf(115), [logOf(115, 0)])
    expect(items.flatMap((item) => (item.type === 'logs' ? [item.turn] : []))).toEqual([1, 2])
  })

  test('behavior: after a reorg it has the turn of its block in the new chain', () => {
    const { delivery, items } = setUp()
    for (const number of [100, 101, 102]) delivery.give(blockOf(number), [], false)
    delivery.takeBack(blockOf(102))
    delivery.takeBack(blockOf(101))
    for (const number of [101, 102]) delivery.give(blockOf(number, { branch: 1 }), [], false)
    items.splice(0)
    delivery.add(blockOf(101, { branch: 1 }), [logOf(101, 0, 1)])
    expect(items.flatMap((item) => (item.type === 'logs' ? [item.turn] : []))).toEqual([3])
  })
})

describe('uncertainFrom', () => {
  test('default: nothing, while all is certain', () => {
    const { delivery } = setUp()
    expect(delivery.uncertainFrom()).toBe(Infinity)
    delivery.give(blockOf(100), [], true)
    expect(delivery.uncertainFrom()).toBe(Infinity)
  })

  test('behavior: from the first block that only looks whole, until it is confirmed', () => {
    const { delivery } = setUp()
    delivery.give(blockOf(100), [], true)
    delivery.give(blockOf(101), [], false)
    delivery.give(blockOf(102), [], true)
    expect(delivery.uncertainFrom()).toBe(101)
    delivery.give(blockOf(103), [], false)
    delivery.confirm(102)
    expect(delivery.uncertainFrom()).toBe(103)
    delivery.confirm(103)
    expect(delivery.uncertainFrom()).toBe(Infinity)
  })

  test('behavior: a reorg makes what replaces it uncertain again', () => {
    const { delivery } = setUp()
    for (const number of [100, 101, 102]) delivery.give(blockOf(number), [], false)
    delivery.confirm(102)
    delivery.takeBack(blockOf(102))
    delivery.takeBack(blockOf(101))
    delivery.give(blockOf(101, { branch: 1, parentBranch: 0 }), [], false)
    expect(delivery.uncertainFrom()).toBe(101)
  })

  test('behavior: nothing is left of it once all of it was taken back', () => {
    const { delivery } = setUp()
    delivery.give(blockOf(100), [], true)
    delivery.give(blockOf(101), [], false)
    delivery.takeBack(blockOf(101))
    expect(delivery.uncertainFrom()).toBe(Infinity)
  })

  test('behavior: what is too old to be remembered is not given again', () => {
    const { delivery, items } = setUp()
    for (let number = 100; number < 1_400; number++) delivery.give(blockOf(number), [logOf(number, 0)], false)
    const before = items.length
    for (let number = 100; number < 1_400; number++)
      expect(delivery.add(blockOf(number), [logOf(number, 0)])).toBe(false)
    expect(items).toHaveLength(before)
  })

  test('behavior: no more than is remembered, be it for the number of blocks or of logs', () => {
    const { delivery } = setUp()
    const many = (number: number) => Array.from({ length: 9_000 }, (_, index) => logOf(number, index))
    for (const number of [100, 101, 102]) delivery.give(blockOf(number), many(number), false)
    expect(delivery.uncertainFrom()).toBe(101)
    for (let number = 103; number < 1_400; number++) delivery.give(blockOf(number), [logOf(number, 0)], false)
    expect(delivery.uncertainFrom()).toBe(400)
  })

  test('behavior: not more than the last 1 000 blocks', () => {
    const { delivery } = setUp()
    for (let number = 100; number < 2_100; number++) delivery.give(blockOf(number), [], false)
    expect(delivery.uncertainFrom()).toBe(1_100)
  })
})

describe('giveUp', () => {
  const given = (count: number, isCertain = false) => {
    const { delivery, gaps } = setUp()
    for (let number = 100; number < 100 + count; number++) delivery.give(blockOf(number), [logOf(number, 0)], isCertain)
    return {
      delivery,
      giveUp() {
        delivery.giveUp()
        return gaps.splice(0)
      },
    }
  }

  test('default: what only looks whole and is too old to be looked at again is said, once', () => {
    const { delivery, giveUp } = given(1_300)
    expect([giveUp(), giveUp()]).toEqual([['100-399'], []])
    for (let number = 1_400; number < 1_410; number++) delivery.give(blockOf(number), [logOf(number, 0)], false)
    expect(giveUp()).toEqual(['400-409'])
  })

  test('behavior: nothing while all is remembered or certain', () => {
    expect([given(0).giveUp(), given(1_000).giveUp(), given(1_300, true).giveUp()]).toEqual([[], [], []])
    const { delivery, giveUp } = given(1_300)
    delivery.confirm(1_399)
    delivery.give(blockOf(1_400), [], false)
    expect(giveUp()).toEqual([])
  })
})

describe('since', () => {
  test('default: what was delivered from a block on, the lowest first', () => {
    const { delivery } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0)], true)
    delivery.give(blockOf(101), [], true)
    delivery.give(blockOf(102), [logOf(102, 0)], true)
    delivery.add(blockOf(101), [logOf(101, 0)])
    expect([100, 101, 103].map((from) => delivery.since(from)?.map(nameOf))).toEqual([
      ['100', '101', '102'],
      ['101', '102'],
      [],
    ])
  })

  test('behavior: not if it does not remember as much', () => {
    const { delivery } = setUp()
    for (let number = 100; number < 1_500; number++) delivery.give(blockOf(number), [logOf(number, 0)], true)
    expect([99, 200, 499, 500].map((from) => delivery.since(from)?.length)).toEqual([
      undefined,
      undefined,
      undefined,
      1_000,
    ])
  })

  test('behavior: what nothing was found in is remembered too', () => {
    const { delivery } = setUp()
    for (let number = 100; number < 110; number++) delivery.give(blockOf(number), [], true)
    expect([delivery.since(99), delivery.since(100)]).toEqual([undefined, []])
  })

  test('behavior: not within a gap that was told', () => {
    const { delivery } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0)], true)
    delivery.onGap(101, 109, '')
    delivery.give(blockOf(110), [logOf(110, 0)], true)
    expect([100, 105, 110].map((from) => delivery.since(from)?.map(nameOf))).toEqual([undefined, undefined, ['110']])
  })

  test('behavior: a gap that was replaced whole hides nothing below it', () => {
    const { delivery } = setUp()
    delivery.give(blockOf(100), [logOf(100, 0)], true)
    delivery.give(blockOf(101), [], true)
    delivery.onGap(102, 105, '')
    delivery.give(blockOf(106), [], true)
    delivery.takeBack(blockOf(101))
    expect(delivery.since(100)?.map(nameOf)).toEqual(['100'])
  })

  test('behavior: not if what lies between was forgotten', () => {
    const { delivery } = setUp()
    for (const number of [100, 101, 102])
      delivery.give(
        blockOf(number),
        Array.from({ length: 9_000 }, (_, index) => logOf(number, index)),
        true,
      )
    delivery.noteBefore(90, [{ number: 90, hash: hashOf(90), logs: [logOf(90, 0)] }])
    expect([90, 100, 101].map((from) => delivery.since(from)?.map(nameOf))).toEqual([
      undefined,
      undefined,
      ['101', '102'],
    ])
  })
})
