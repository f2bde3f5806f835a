// One subscriber at its own pace, over a stream that a test plays: what is given, when, and what happens at the bound.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SubscriptionGapError } from '../../src/errors'
import { indexOf } from '../../src/rpc/log'
import type { Item, LogsItem, Replay } from '../../src/subscription/stream'
import type { SubscriberOptions } from '../../src/subscription/subscriber'
import { close, createSubscriber, fail, give } from '../../src/subscription/subscriber'
import { createManualClock } from '../support/manual-clock'
import { unhandled } from '../support/unhandled'
import { hashOf, logOf, nameOf } from './blocks'

/** A stream of logs whose canonical chain a test writes: a log a block, or as many as it says. */
function createLogStream() {
  const chain = new Map<number, LogsItem>()
  let cursor = 99
  let replays = 0
  let turn = 0
  let play = async (from: number): Promise<Replay> => ({
    items: [...chain.values()].filter(({ number }) => number >= from),
    upTo: cursor,
  })

  function logsOf(number: number, branch = 0, count = 1): LogsItem {
    const results = Array.from({ length: count }, (_, index) => logOf(number, index, branch))
    return {
      type: 'logs',
      number,
      hash: hashOf(number, branch),
      results,
      isRemoved: false,
      isLate: false,
      turn: turn++,
    }
  }

  return {
    cursor: () => cursor,
    async replay(from: number) {
      replays++
      return play(from)
    },
    replayWith(next: typeof play) {
      play = next
    },
    get replays() {
      return replays
    },
    /** The next block: what a subscriber is given of it. */
    mine(branch = 0, count = 1): Item[] {
      const number = ++cursor
      const logs = logsOf(number, branch, count)
      if (count > 0) chain.set(number, logs)
      const passed: Item = { type: 'passed', number, hash: hashOf(number, branch), results: [] }
      return count > 0 ? [logs, passed] : [passed]
    },
    /** The newest block is canonical no more. */
    takeBack(): Item[] {
      const item = chain.get(cursor)
      chain.delete(cursor--)
      return item ? [{ ...item, isRemoved: true, results: [...item.results].reverse() }] : []
    },
    /** What a reader must have in the end, in order. */
    truth: () => [...chain.values()].map(nameOf),
  }
}

/** What is left of what was given, after the retractions; doubles and ghosts throw. */
function settle(given: readonly string[]): string[] {
  const kept: string[] = []
  for (const entry of given) {
    const name = entry.replace('-', '')
    if (!entry.startsWith('-')) {
      if (kept.includes(name)) throw new Error(`${name} was given twice.`)
      kept.push(name)
    } else if (kept.pop() !== name) throw new Error(`${name} was taken back out of order.`)
  }
  return kept
}

function gapOf(from: number, to: number, why: string): Item {
  const error = new SubscriptionGapError({ from: BigInt(from), to: BigInt(to), why })
  return { type: 'gap', number: from, error, results: [] }
}

type Given = Partial<SubscriberOptions> & { turn?: number }

function setUp({ turn = 0, ...options }: Given = {}) {
  const clock = createManualClock()
  const stream = createLogStream()
  const given: string[] = []
  const errors: unknown[] = []
  let pace: () => unknown = () => {}
  const subscriber = createSubscriber(
    {
      read: (item) =>
        item.type === 'logs' && item.results.length > 0
          ? [`${item.isRemoved ? '-' : ''}${nameOf(item)}${item.results.length > 1 ? ` x${item.results.length}` : ''}`]
          : [],
      onEvent(event) {
        given.push(event as string)
        return pace()
      },
      onError: (error) => errors.push(error),
      patience: 10_000,
      interval: 4_000,
      ...options,
    },
    { clock, stream, gapOf, whenReady: () => undefined },
    turn,
  )
  return {
    clock,
    stream,
    given,
    errors,
    subscriber: { close: () => close(subscriber), fail: (error: unknown) => fail(subscriber, error) },
    /** What the subscriber returns from now on. */
    paceBy(next: () => unknown) {
      pace = next
    },
    give(items: readonly Item[]) {
      for (const item of items) give(subscriber, item)
    },
  }
}

/** A subscriber that takes its time: `let go` ends what is going on. */
function createBrake() {
  let go = () => {}
  return {
    hold: () =>
      new Promise<void>((resolve) => {
        go = resolve
      }),
    go: () => go(),
  }
}

describe('a quick one', () => {
  test('default: is called within the turn', () => {
    const { stream, given, give } = setUp()
    give(stream.mine())
    give(stream.mine())
    expect(given).toEqual(['100', '101'])
  })

  test('behavior: a throw is its own affair', () => {
    const { stream, given, give, paceBy } = setUp()
    paceBy(() => {
      throw new Error('mine')
    })
    give(stream.mine())
    give(stream.mine())
    expect(given).toEqual(['100', '101'])
  })

  test('behavior: who joined later has no logs of earlier turns', () => {
    const { stream, given, give } = setUp({ turn: 1 })
    give(stream.mine())
    give(stream.mine())
    give(stream.takeBack())
    give(stream.takeBack())
    expect(given).toEqual(['101', '-101'])
  })

  test('behavior: one item, several events, each waited for', async () => {
    const brake = createBrake()
    const { clock, stream, given, give, paceBy } = setUp({
      read: (item) => item.results.map((log) => indexOf(log as never)),
    })
    paceBy(brake.hold)
    give(stream.mine(0, 3))
    expect(given).toEqual([0])
    brake.go()
    await clock.settle()
    expect(given).toEqual([0, 1])
    brake.go()
    await clock.settle()
    expect(given).toEqual([0, 1, 2])
  })

  test('behavior: with an id it is told as viem does', () => {
    const seen: unknown[] = []
    const { stream, give } = setUp({ subscription: '0x1', onEvent: (event) => seen.push(event) })
    give(stream.mine())
    expect(seen).toEqual([{ subscription: '0x1', result: '100' }])
  })

  test.each([
    ['', undefined],
    [', though that returns a promise', Promise.resolve()],
  ])('behavior: closed by its own event%s, it gets nothing more', async (_, returned) => {
    const { clock, stream, given, give, paceBy, subscriber } = setUp({ read: (item) => [...item.results] })
    paceBy(() => {
      subscriber.close()
      return returned
    })
    give(stream.mine(0, 3))
    give(stream.mine())
    await clock.settle()
    expect(given).toHaveLength(1)
  })

  test('behavior: given an event that closes it and returns a promise that rejects, then nothing is left unhandled', async () => {
    const { stream, give, paceBy, subscriber } = setUp()
    paceBy(() => {
      subscriber.close()
      return Promise.reject(new Error('mine'))
    })
    expect(await unhandled(() => give(stream.mine()))).toEqual([])
  })
})

describe('a slow one', () => {
  test('default: the next call waits for the promise of the last one', async () => {
    const brake = createBrake()
    const { clock, stream, given, give, paceBy } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 3; count++) give(stream.mine())
    await clock.settle()
    expect(given).toEqual(['100'])
    brake.go()
    await clock.settle()
    expect(given).toEqual(['100', '101'])
    paceBy(() => {})
    brake.go()
    await clock.settle()
    give(stream.mine())
    expect([given, clock.pending.total]).toEqual([['100', '101', '102', '103'], 0])
  })

  test('behavior: a rejection is an end as any other', async () => {
    const { clock, stream, given, give, paceBy } = setUp()
    paceBy(() => Promise.reject(new Error('mine')))
    for (let count = 0; count < 3; count++) give(stream.mine())
    await clock.settle()
    expect(given).toEqual(['100', '101', '102'])
  })

  test('behavior: a promise whose `then` throws is an end as any other', async () => {
    const { clock, stream, given, give, paceBy } = setUp()
    const then = () => {
      throw new Error('mine')
    }
    paceBy(() => ({ then }))
    for (let count = 0; count < 3; count++) give(stream.mine())
    await clock.settle()
    expect([given, clock.pending.total]).toEqual([['100', '101', '102'], 0])
  })

  test('behavior: given a promise that rejects while its last event is given, then nothing is left unhandled', async () => {
    const brake = createBrake()
    const { clock, stream, given, give, paceBy, subscriber } = setUp()
    paceBy(brake.hold)
    give([...stream.mine(), ...stream.mine()])
    paceBy(() => {
      subscriber.close()
      return Promise.reject(new Error('mine'))
    })
    expect(await unhandled(brake.go)).toEqual([])
    expect([given, clock.pending.total]).toEqual([['100', '101'], 0])
  })

  test('behavior: a promise that does not settle is waited for 10 s', async () => {
    const { clock, stream, given, give, paceBy } = setUp()
    paceBy(() => new Promise(() => {}))
    for (let count = 0; count < 3; count++) give(stream.mine())
    await clock.advance(9_999)
    expect(given).toEqual(['100'])
    await clock.advance(1)
    expect(given).toEqual(['100', '101'])
    await clock.advance(10_000)
    expect(given).toEqual(['100', '101', '102'])
  })

  test('behavior: with endless patience no timer is started', async () => {
    const { clock, stream, give, paceBy } = setUp({ patience: Infinity })
    paceBy(() => new Promise(() => {}))
    give(stream.mine())
    await clock.settle()
    expect(clock.pending.total).toBe(0)
  })

  test('Given a buffer overflow, then the buffered part is dropped and filled again from the cursor: nothing is lost', async () => {
    const brake = createBrake()
    const { clock, stream, given, give, paceBy } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 1_500; count++) give(stream.mine())
    expect(stream.replays).toBe(0)
    paceBy(() => {})
    brake.go()
    await clock.settle()
    expect(stream.replays).toBeGreaterThan(0)
    give(stream.mine())
    await clock.settle()
    expect(given).toEqual(stream.truth())
  })

  test('behavior: a block whose logs were the last to find room is not given twice', async () => {
    // 1 taken at once, 1 000 wait; the bound falls between the logs of a block and the word that it has passed.
    const brake = createBrake()
    const { clock, stream, given, give, paceBy } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 600; count++) give(stream.mine())
    give(stream.mine(0, 0))
    paceBy(() => {})
    brake.go()
    await clock.settle()
    expect(settle(given)).toEqual(stream.truth())
  })

  test('behavior: logs taken back when there is no room for more are taken back all the same', async () => {
    const brake = createBrake()
    const { clock, stream, given, give, paceBy } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 500; count++) give(stream.mine())
    give(stream.mine(0, 0))
    give(stream.takeBack())
    give(stream.takeBack())
    give(stream.takeBack())
    for (let count = 0; count < 5; count++) give(stream.mine(1))
    paceBy(() => {})
    brake.go()
    await clock.settle()
    expect(settle(given)).toEqual(stream.truth())
  })

  test('behavior: a log that is found late while there is no room is given once, and nothing else twice', async () => {
    const brake = createBrake()
    const { clock, stream, given, give, paceBy } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 1_000; count++) give(stream.mine())
    const late: Item = {
      type: 'logs',
      number: 200,
      hash: hashOf(200),
      results: [logOf(200, 1), logOf(200, 2)],
      isRemoved: false,
      isLate: true,
      turn: 100,
    }
    give([late])
    paceBy(() => {})
    brake.go()
    await clock.settle()
    expect(given.filter((name) => name !== '200 x2')).toEqual(stream.truth())
    expect(given.filter((name) => name === '200 x2')).toHaveLength(1)
  })

  test('behavior: a log is found late while there is no room, then blocks are replaced: they are taken back', async () => {
    const brake = createBrake()
    const { clock, stream, given, give, paceBy } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 500; count++) give(stream.mine())
    give(stream.mine(0, 0))
    const results = [logOf(200, 1), logOf(200, 2)]
    give([{ type: 'logs', number: 200, hash: hashOf(200), results, isRemoved: false, isLate: true, turn: 100 }])
    give(stream.takeBack())
    give(stream.takeBack())
    for (let count = 0; count < 3; count++) give(stream.mine(1))
    paceBy(() => {})
    brake.go()
    await clock.settle()
    expect(settle(given.filter((name) => name !== '200 x2'))).toEqual(stream.truth())
  })

  test('behavior: reorg after reorg while there is no room: what waits is bounded, and what is lost of it is told', async () => {
    const brake = createBrake()
    const { clock, stream, given, errors, give, paceBy } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 600; count++) give(stream.mine())
    // Deeper than what is read again: all of it changes blocks that wait.
    for (let branch = 1; branch <= 20; branch++) {
      for (let count = 0; count < 120; count++) give(stream.takeBack())
      for (let count = 0; count < 120; count++) give(stream.mine(branch))
    }
    stream.replayWith(async () => ({ items: [], upTo: 699 }))
    paceBy(() => {})
    brake.go()
    await clock.settle()
    const blocks = errors.map((error) => Number((error as SubscriptionGapError).from))
    expect([Math.min(...blocks), Math.max(...blocks)]).toEqual([580, 600])
    // What lies above block 600 is read again. Of the rest, 501 blocks and 21 of each branch that come and go, each is
    // given or told.
    expect(given.length).toBeLessThan(2_000)
    expect(given.length + errors.length).toBe(501 + 20 * 2 * 21)
  })

  test('behavior: what could not be read again is tried once more after a second, then after two', async () => {
    const brake = createBrake()
    const { clock, stream, given, give, paceBy } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 1_100; count++) give(stream.mine())
    const times: number[] = []
    stream.replayWith(async () => {
      times.push(clock.now())
      throw new Error('Nobody is there.')
    })
    paceBy(() => {})
    brake.go()
    await clock.advance(2_500)
    expect(times).toEqual([0, 1_000])
    stream.replayWith(async (from) => ({ items: stream.truth().length > 0 ? replayed(from, 1_199) : [], upTo: 1_199 }))
    await clock.advance(1_000)
    expect([given.length, new Set(given).size, given.at(-1)]).toEqual([1_100, 1_100, '1199'])
  })

  test('behavior: what cannot be read again for half a minute is told as a gap, ever more at once, and what can be had is given', async () => {
    const brake = createBrake()
    const { clock, stream, given, errors, give, paceBy } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 2_100; count++) give(stream.mine())
    let reads = 0
    stream.replayWith(async (from) => {
      reads++
      if (from < 1_300) throw new Error('Nobody has it.')
      return { items: replayed(from, 2_199), upTo: 2_199 }
    })
    paceBy(() => {})
    brake.go()
    await clock.settle()
    const first = given.length + 100
    await clock.advance(31_000)
    const tell = () => errors.map((error) => [(error as SubscriptionGapError).from, (error as SubscriptionGapError).to])
    const told = [[BigInt(first), BigInt(first + 255)]]
    expect([tell(), reads]).toEqual([told, 7])
    await clock.advance(31_000)
    told.push([BigInt(first + 256), BigInt(first + 767)])
    expect([tell(), reads, given.at(-1)]).toEqual([told, 13, '2199'])
    expect(given.filter((name) => Number(name) >= first)[0]).toBe(`${first + 768}`)
  })

  test('behavior: a gap is told after what waited before it', async () => {
    const brake = createBrake()
    const { clock, stream, given, errors, give, paceBy } = setUp()
    paceBy(brake.hold)
    give(stream.mine())
    give(stream.mine())
    give([gapOf(102, 103, 'nobody has them')])
    brake.go()
    await clock.settle()
    expect([given, errors.length]).toEqual([['100', '101'], 0])
    brake.go()
    await clock.settle()
    expect(errors).toMatchObject([{ from: 102n, to: 103n }])
  })

  test('behavior: a gap is told, though there is no room for what comes after it', async () => {
    const brake = createBrake()
    const { clock, stream, errors, give, paceBy } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 500; count++) give(stream.mine())
    give(stream.mine(0, 0))
    give([gapOf(601, 602, 'nobody has them')])
    for (let count = 0; count < 5; count++) give(stream.mine())
    give([gapOf(608, 609, 'nobody has them')])
    paceBy(() => {})
    brake.go()
    await clock.settle()
    expect(errors).toMatchObject([{ from: 601n }, { from: 608n }])
  })

  test('behavior: closed while it reads again, it gets nothing more and leaves no timer', async () => {
    const brake = createBrake()
    const { clock, stream, given, give, paceBy, subscriber } = setUp()
    paceBy(brake.hold)
    for (let count = 0; count < 1_100; count++) give(stream.mine())
    stream.replayWith(() => Promise.reject(new Error('Nobody is there.')))
    paceBy(() => {})
    brake.go()
    await clock.settle()
    const before = given.length
    subscriber.close()
    await clock.settle()
    expect([given.length, clock.pending.total]).toEqual([before, 0])
  })
})

describe('one that begins in the past', () => {
  test('default: is given what was, then what comes', async () => {
    const { clock, stream, given, subscriber, give } = setUp({ from: 100 })
    stream.mine()
    stream.mine()
    await clock.settle()
    give(stream.mine())
    await clock.settle()
    expect(given).toEqual(['100', '101', '102'])
    subscriber.close()
  })

  test('behavior: what comes while the past is read is given after it, once', async () => {
    const { clock, stream, given, give } = setUp({ from: 100 })
    stream.mine()
    const brake = createBrake()
    const before = replayed(100, 100)
    stream.replayWith(async () => {
      await brake.hold()
      return { items: before, upTo: 100 }
    })
    await clock.settle()
    give(stream.mine())
    give(stream.mine())
    stream.replayWith(async (from) => ({ items: replayed(from, 102), upTo: 102 }))
    brake.go()
    await clock.settle()
    give(stream.mine())
    expect(given).toEqual(['100', '101', '102', '103'])
  })

  test('behavior: a reorg while the past is read: the old branch is taken back, or never given', async () => {
    const { clock, stream, given, give } = setUp({ from: 100 })
    for (let count = 0; count < 3; count++) stream.mine()
    const brake = createBrake()
    const before = replayed(100, 102)
    stream.replayWith(async () => {
      await brake.hold()
      return { items: before, upTo: 102 }
    })
    await clock.settle()
    give(stream.takeBack())
    give(stream.mine(1))
    const now = stream.truth()
    stream.replayWith(async (from) => ({
      items: [...replayed(from, 101), ...(from <= 102 ? replayed(102, 102, 1) : [])],
      upTo: 102,
    }))
    brake.go()
    await clock.settle()
    expect(settle(given)).toEqual(now)
  })

  test('behavior: it is told of what is taken back, though that was delivered before it came', async () => {
    const { clock, stream, given, give } = setUp({ from: 100, turn: 2 })
    stream.mine()
    stream.mine()
    await clock.settle()
    give(stream.takeBack())
    give(stream.mine(1))
    await clock.settle()
    expect(given).toEqual(['100', '101', '-101', '101/1'])
  })

  test('behavior: with nothing in the past it is given what comes', async () => {
    const { clock, stream, given, give } = setUp({ from: 100 })
    await clock.settle()
    give(stream.mine())
    give(stream.mine())
    await clock.settle()
    expect(given).toEqual(['100', '101'])
  })
})

describe('fail', () => {
  test('default: it is told, until it is closed; a throw is its own affair', () => {
    const { errors, subscriber } = setUp()
    subscriber.fail('one')
    subscriber.close()
    subscriber.fail('two')
    expect(errors).toEqual(['one'])
    const thrower = setUp({
      onError() {
        throw new Error('mine')
      },
    })
    expect(() => thrower.subscriber.fail('one')).not.toThrow()
  })

  test('behavior: given an `onError` that returns a promise that rejects, then nothing is left unhandled', async () => {
    const { subscriber } = setUp({ onError: () => Promise.reject(new Error('mine')) })
    expect(await unhandled(() => subscriber.fail('one'))).toEqual([])
  })
})

describe('whatever its pace', () => {
  test('behavior: heads and logs of a chain with reorgs: nothing is lost, doubled or left over', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ type: fc.constant('mine' as const), count: fc.integer({ min: 1, max: 400 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ type: fc.constant('reorg' as const), count: fc.integer({ min: 1, max: 5 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ type: fc.constant('wait' as const), count: fc.integer({ min: 1, max: 3_000 }) }),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer({ min: 0, max: 10 }), async (steps, slowness) => {
        const { clock, stream, given, give, paceBy } = setUp({ patience: Infinity })
        paceBy(() => (slowness === 0 ? undefined : new Promise<void>((resolve) => void clock.after(slowness, resolve))))
        let branch = 0
        for (const { type, count } of steps) {
          if (type === 'wait') await clock.advance(count)
          if (type === 'reorg') {
            branch++
            for (let left = count; left > 0 && (stream.cursor() ?? 0) > 99; left--) give(stream.takeBack())
          }
          if (type !== 'wait')
            for (let left = count; left > 0; left--) give(stream.mine(branch, left % 3 === 0 ? 0 : 1))
          await Promise.resolve()
        }
        await clock.advance(60_000)
        expect(settle(given)).toEqual(stream.truth())
      }),
      { numRuns: 40 },
    )
  })
})

function replayed(from: number, to: number, branch = 0): LogsItem[] {
  const numbers = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
  return numbers.map((number) => ({
    type: 'logs',
    number,
    hash: hashOf(number, branch),
    results: [logOf(number, 0, branch)],
    isRemoved: false,
    isLate: false,
    turn: number,
  }))
}
