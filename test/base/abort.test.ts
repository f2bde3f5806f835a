import { afterEach, describe, expect, test, vi } from 'vitest'
import { createController, reasonOf } from '../../src/base/abort'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('createController', () => {
  test('default: tells its listener once, with the reason', () => {
    const { signal, abort } = createController()
    const reasons: unknown[] = []
    signal.addEventListener('abort', () => reasons.push(signal.reason), { once: true })
    expect(signal.aborted).toBe(false)
    abort('enough')
    abort('too late')
    expect([signal.aborted, signal.reason, reasons]).toEqual([true, 'enough', ['enough']])
  })

  test('default: without a reason it gives that of the platform', () => {
    const [own, platform] = [createController(), new AbortController()]
    own.abort()
    platform.abort()
    const facts = ({ reason }: { reason: unknown }) => [(reason as Error).name, reason instanceof DOMException]
    expect(facts(own.signal)).toEqual(facts(platform.signal))
  })

  test('behavior: given the platform has no DOMException, it is an error of that name', () => {
    vi.stubGlobal('DOMException', undefined)
    const { signal, abort } = createController()
    abort()
    expect(signal.reason).toBeInstanceOf(Error)
    expect([(signal.reason as Error).name, (reasonOf({ ...signal, reason: undefined }) as Error).name]).toEqual([
      'AbortError',
      'AbortError',
    ])
    expect(reasonOf({ ...signal, reason: 0 })).toBe(0)
  })

  test('behavior: a listener that was removed is not told', () => {
    const { signal, abort } = createController()
    const told: string[] = []
    const listener = () => told.push('told')
    signal.addEventListener('abort', listener)
    signal.removeEventListener('abort', listener)
    abort()
    expect(told).toEqual([])
  })
})
