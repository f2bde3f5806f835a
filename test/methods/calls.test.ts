// Pauses between the requests of one call.

import { describe, expect, test } from 'vitest'
import { createCalls } from '../../src/methods/calls'
import { createManualClock } from '../support/manual-clock'
import { OldAbortController } from '../support/react-native'

function setUp() {
  const clock = createManualClock()
  return { clock, calls: createCalls({ clock, ends: new Set(), providers: [] } as never) }
}

describe('pause', () => {
  test('default: rejects with the reason once the caller gives up', async () => {
    const { calls } = setUp()
    const controller = new AbortController()
    const pause = calls.pause({ signal: controller.signal } as never, 100)
    controller.abort('enough')
    await expect(pause).rejects.toBe('enough')
  })

  test('behavior: given the signal has no reason, it is an AbortError', async () => {
    const { calls } = setUp()
    const controller = new OldAbortController()
    const pause = calls.pause({ signal: controller.signal } as never, 100)
    controller.abort()
    await expect(pause).rejects.toMatchObject({ name: 'AbortError' })
  })
})
