// One subscription at one place: when it is slow, when it fails, and that its sink hears of nothing once it has ended.

import { describe, expect, test } from 'vitest'
import type { SubscriptionSink, UpstreamSubscription } from '../../../src/channel/channel'
import { openClaim } from '../../../src/subscription/source/claim'
import type { Place } from '../../../src/subscription/source/place'
import { createManualClock } from '../../support/manual-clock'

function setUp(turnAt = 0) {
  const clock = createManualClock()
  const told: string[] = []
  let upstream = {} as { sink: SubscriptionSink; onTurn: () => void; signal: AbortSignal }
  let confirm = (_: UpstreamSubscription) => {}
  let refuse = (_: Error) => {}
  const open = (_: Place, __: readonly unknown[], sink: SubscriptionSink, signal: AbortSignal, onTurn: () => void) => {
    upstream = { sink, onTurn, signal }
    return new Promise<UpstreamSubscription>((resolve, reject) => {
      confirm = resolve
      refuse = reject
    })
  }
  const onData = (result: unknown) => void told.push(`data ${result}`)
  const sink = {
    onConfirm: () => void told.push('confirmed'),
    onData,
    onSlow: () => void told.push(`slow at ${clock.now()}`),
    onFail: (_: unknown, error: unknown) => void told.push(`failed: ${(error as Error).message}`),
    onLost: (_: unknown, why: string) => void told.push(`lost: ${why}`),
  }
  const place = { turnAt } as Place
  const claim = openClaim(place, { params: ['newHeads'], places: { open }, clock }, sink)
  return {
    clock,
    told,
    claim,
    sink,
    place,
    onTurn: () => upstream.onTurn(),
    push: (...results: unknown[]) => {
      for (const result of results) upstream.sink.onData({ subscription: '0x1', result })
    },
    lose: (error: unknown) => upstream.sink.onError(error),
    async confirm() {
      confirm({ unsubscribe: async () => told.push('unsubscribed') })
      await clock.settle()
    },
    async refuse() {
      refuse(new Error('no'))
      await clock.settle()
    },
  }
}

describe('a claim', () => {
  test('default: what came before the confirmation follows right after it', async () => {
    const { told, push, confirm, claim, clock } = setUp()
    push(1, 2)
    expect(told).toEqual([])
    await confirm()
    push(3)
    await clock.advance(60_000)
    expect([told, claim.age(), clock.pending.total]).toEqual([['confirmed', 'data 1', 'data 2', 'data 3'], 60_000, 0])
  })

  test('behavior: every 500 ms from its turn on it is slow, and after 10 s it has failed', async () => {
    const { clock, told, onTurn } = setUp()
    await clock.advance(200)
    onTurn()
    await clock.advance(10_000)
    const slow = told.filter((one) => one.startsWith('slow'))
    expect(slow.slice(0, 3)).toEqual(['slow at 700', 'slow at 1200', 'slow at 1700'])
    expect([slow.length, told.at(-1), clock.now()]).toEqual([19, 'failed: It was not confirmed in time.', 10_200])
  })

  test('behavior: while it waits for its turn, each turn of another claim gives it more time', async () => {
    const { clock, told, place, claim } = setUp()
    await clock.advance(9_900)
    place.turnAt = clock.now()
    await clock.advance(9_900)
    expect([told.some((one) => one.startsWith('failed')), claim.age()]).toEqual([false, 9_900])
    await clock.advance(100)
    expect(told.at(-1)).toMatch(/^failed/)
  })

  test.each([
    [{ shortMessage: 'short', message: 'long' }, 'short'],
    [new Error('long'), 'long'],
    [undefined, 'it was lost'],
  ])('behavior: confirmed and lost: why, %#', async (error, why) => {
    const { told, confirm, lose } = setUp()
    await confirm()
    lose(error)
    expect(told).toEqual(['confirmed', `lost: ${why}`])
  })

  test('behavior: of frames that come before the confirmation 1 000 are kept', async () => {
    const { told, push, confirm } = setUp()
    for (let count = 1; count <= 1_001; count++) push(count)
    await confirm()
    expect([told.length, told.at(-1)]).toEqual([1_001, 'data 1000'])
  })
})

describe('ended', () => {
  test('default: it is unsubscribed once, and the sink hears no more', async () => {
    const { told, confirm, claim, push, lose } = setUp()
    await confirm()
    claim.end()
    claim.end()
    push(1)
    lose(new Error('gone'))
    expect(told).toEqual(['confirmed', 'unsubscribed'])
  })

  test('behavior: before it is confirmed: a late confirmation is unsubscribed, a late refusal is nothing', async () => {
    const confirmed = setUp()
    confirmed.push(1)
    confirmed.claim.end()
    await confirmed.confirm()
    expect([confirmed.told, confirmed.clock.pending.total]).toEqual([['unsubscribed'], 0])
    const refused = setUp()
    refused.claim.end()
    await refused.refuse()
    expect(refused.told).toEqual([])
  })

  test('behavior: from within the confirmation, or an early frame: the frames that follow are not given', async () => {
    for (const at of ['confirmed', 'data 1']) {
      const { told, push, confirm, claim, sink } = setUp()
      const { onConfirm, onData } = sink
      sink.onConfirm = () => {
        onConfirm()
        if (at === 'confirmed') claim.end()
      }
      sink.onData = (result) => {
        onData(result)
        claim.end()
      }
      push(1, 2)
      await confirm()
      expect(told).toEqual(at === 'confirmed' ? ['confirmed', 'unsubscribed'] : ['confirmed', 'data 1', 'unsubscribed'])
    }
  })
})
