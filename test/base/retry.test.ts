// Repeating until it works: the pauses, and how it ends. The platform's timers are faked.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { repeatUntil } from '../../src/base/retry'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('repeatUntil', () => {
  test('default: pauses that double up to 2 s', async () => {
    const times: number[] = []
    const started = Date.now()
    const done = repeatUntil(() => {
      times.push(Date.now() - started)
      return Promise.resolve(times.length === 8)
    }, undefined)
    await vi.runAllTimersAsync()
    await done
    expect(times.map((time, index) => time - (times[index - 1] ?? 0))).toEqual([
      0, 150, 300, 600, 1_200, 2_000, 2_000, 2_000,
    ])
  })

  test('behavior: what works at once is called once, and no timer is left', async () => {
    const run = vi.fn(() => Promise.resolve(true))
    await repeatUntil(run, new AbortController().signal)
    expect(run).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([
    ['an Error', new Error('broken')],
    ['an Error of the same words', new Error('not yet')],
    ['a TypeError', new TypeError('broken')],
  ])('error: %s that run throws is for the caller', async (_, error) => {
    const run = vi.fn(() => Promise.reject(error))
    await expect(repeatUntil(run, undefined)).rejects.toBe(error)
    expect(run).toHaveBeenCalledTimes(1)
  })

  test.each([
    ['the usual reason', undefined],
    ['an Error', new Error('enough')],
    ['a text', 'enough'],
  ])('error: aborted with %s between attempts', async (_, reason) => {
    const controller = new AbortController()
    const done = repeatUntil(() => Promise.resolve(false), controller.signal)
    const seen = done.catch((error) => error)
    await vi.advanceTimersByTimeAsync(200)
    controller.abort(reason)
    expect(await seen).toBe(controller.signal.reason)
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([
    ['an Error', new Error('enough')],
    ['a text', 'enough'],
  ])('error: aborted with %s while an attempt hangs, it does not wait for it', async (_, reason) => {
    const controller = new AbortController()
    const seen = repeatUntil(() => new Promise(() => {}), controller.signal).catch((error) => error)
    await vi.advanceTimersByTimeAsync(0)
    controller.abort(reason)
    expect(await seen).toBe(reason)
  })

  test('error: aborted before the start, nothing is called', async () => {
    const run = vi.fn(() => Promise.resolve(true))
    await expect(repeatUntil(run, AbortSignal.abort('enough'))).rejects.toBe('enough')
    expect(run).not.toHaveBeenCalled()
  })

  test('behavior: the signal is let go when it has ended', async () => {
    const controller = new AbortController()
    const removed = vi.spyOn(controller.signal, 'removeEventListener')
    const added = vi.spyOn(controller.signal, 'addEventListener')
    await repeatUntil(() => Promise.resolve(true), controller.signal)
    await vi.advanceTimersByTimeAsync(0)
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(added.mock.calls.map(([, listener]) => listener))
    expect(added).toHaveBeenCalledTimes(1)
  })
})
