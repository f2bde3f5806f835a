// The manual clock: order, promise chains between timers, sleep, what is pending. And the channel that follows it.

import { describe, expect, test } from 'vitest'
import { httpError, networkError, rpcError } from './errors'
import { createManualClock } from './manual-clock'
import { createScriptedChannel } from './scripted-channel'

function createLog(clock = createManualClock(100)) {
  const log: [string, number][] = []
  return { clock, log, note: (name: string) => () => void log.push([name, clock.now()]) }
}

describe('createManualClock', () => {
  test('default: timers fire in order, each at its own time', async () => {
    const { clock, log, note } = createLog()
    clock.after(20, note('b'))
    clock.background(10, note('a'))
    clock.after(20, note('c'))
    clock.after(31, note('d'))
    await clock.advance(30)
    expect(log).toEqual([
      ['a', 110],
      ['b', 120],
      ['c', 120],
    ])
    expect(clock.now()).toBe(130)
    expect(clock.nextAt).toBe(131)
    await clock.advanceTo(131)
    expect(log[3]).toEqual(['d', 131])
    expect(clock.pending.total).toBe(0)
  })

  test('behavior: promise chains run to their end between timers, and what they start fires in the same move', async () => {
    const { clock, log, note } = createLog()
    const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
    const chain = async () => {
      for (let turn = 0; turn < 3; turn++) {
        await wait(10)
        for (let step = 0; step < 50; step++) await Promise.resolve()
        note(`turn ${turn}`)()
      }
    }
    const done = chain()
    clock.after(15, note('between'))
    await clock.advance(30)
    await done
    expect(log).toEqual([
      ['turn 0', 110],
      ['between', 115],
      ['turn 1', 120],
      ['turn 2', 130],
    ])
  })

  test('behavior: settle runs promises and no timer', async () => {
    const { clock, log, note } = createLog()
    clock.after(0, note('timer'))
    void Promise.resolve().then(note('promise'))
    await clock.settle()
    expect(log).toEqual([['promise', 100]])
    await clock.advance(0)
    expect(log[1]).toEqual(['timer', 100])
  })

  test('behavior: jump fires what it leapt over late, at the new time', async () => {
    const { clock, log, note } = createLog()
    clock.after(20, note('b'))
    clock.after(10, () => clock.after(5, note('later')))
    clock.after(10, note('a'))
    await clock.jump(1_000)
    expect(log).toEqual([
      ['a', 1_100],
      ['b', 1_100],
    ])
    await clock.advance(5)
    expect(log[2]).toEqual(['later', 1_105])
  })

  test('behavior: cancel is idempotent; hold moves a timer between the kinds', async () => {
    const { clock, log, note } = createLog()
    const timer = clock.after(10, note('never'))
    const other = clock.background(10, note('fires'))
    expect(clock.pending).toEqual({ after: 1, background: 1, total: 2 })
    timer.hold(false)
    expect(clock.pending).toEqual({ after: 0, background: 2, total: 2 })
    timer.cancel()
    timer.cancel()
    await clock.advance(10)
    other.cancel()
    expect(log).toEqual([['fires', 110]])
  })

  test('error: back in time, two moves at once, NaN', async () => {
    const { clock } = createLog()
    await expect(clock.advanceTo(99)).rejects.toThrow('cannot go from 100 to 99')
    const first = clock.advance(1)
    await expect(clock.advance(1)).rejects.toThrow('being moved already')
    await first
    expect(() => clock.after(Number.NaN, () => {})).toThrow('NaN')
  })
})

describe('createScriptedChannel', () => {
  test('default: one-shot steps first, then the standing behaviour, the method before the rest', async () => {
    const clock = createManualClock()
    const channel = createScriptedChannel({ clock })
    channel.reply('0x1').once.fail(networkError()).once.reply('0x2')
    channel.on('eth_chainId').reply(({ method }: { method: string }) => method)
    const ask = (method: string) => channel.request({ method }).catch((error: Error) => error.name)
    expect(await ask('eth_chainId')).toBe('eth_chainId')
    expect([await ask('a'), await ask('b'), await ask('c')]).toEqual(['HttpRequestError', '0x2', '0x1'])
    expect([channel.count(), channel.count('eth_chainId')]).toEqual([4, 1])
  })

  test('behavior: answers come by the clock; an abort rejects with its reason', async () => {
    const clock = createManualClock()
    const channel = createScriptedChannel({ clock, type: 'ws' })
    channel.hang().once.reply('late', { after: 30 })
    const log: unknown[] = []
    const note = (value: unknown) => log.push([value, clock.now()])
    const controller = new AbortController()
    void channel.request({ method: 'a', params: [1] }).then(note)
    void channel.request({ method: 'b' }, { signal: controller.signal }).catch(note)
    clock.after(10, () => controller.abort('enough'))
    await clock.advance(29)
    expect([channel.inFlight, channel.aborted]).toEqual([1, 1])
    await clock.advance(1)
    expect(log).toEqual([
      ['enough', 10],
      ['late', 30],
    ])
    expect(channel.calls[0]).toEqual({ method: 'a', params: [1], at: 0, signal: undefined })
    expect([channel.inFlight, clock.pending.total]).toEqual([0, 0])
  })

  test('behavior: close ends what is pending', async () => {
    const channel = createScriptedChannel({ clock: createManualClock() }).hang()
    const pending = channel.request({ method: 'a' })
    channel.close()
    await expect(pending).rejects.toMatchObject({ name: 'SocketClosedError' })
  })
})

describe('errors', () => {
  test('default: as viem makes them', () => {
    const limited = rpcError(-32005, 'slow down', { see: 1 }, { status: 429, headers: { 'Retry-After': '2' } })
    expect(limited).toMatchObject({ name: 'RpcRequestError', code: -32005, data: { see: 1 }, status: 429 })
    expect(limited.headers?.get('retry-after')).toBe('2')
    expect(httpError(503, '<html>')).toMatchObject({ name: 'HttpRequestError', status: 503, details: '"<html>"' })
    expect(networkError('ECONNRESET').cause).toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNRESET' } })
  })
})
