// Which places are behind, and when one is left for another.

import { describe, expect, test } from 'vitest'
import { createHeads } from '../../../src/provider/head'
import { createLagWatch } from '../../../src/subscription/source/lag'
import type { Place } from '../../../src/subscription/source/place'
import { createPlace } from '../../../src/subscription/source/place'
import { createProviders } from '../../provider/providers'
import { createManualClock } from '../../support/manual-clock'

const KIND = 'newHeads'

function setUp({ backups = [] as number[] } = {}) {
  const clock = createManualClock()
  const providers = createProviders([1, 2, 3].map((number) => ({ isBackup: backups.includes(number) })))
  const heads = createHeads({ providers, maxLag: 3 })
  const sockets = ['open', 'open', 'open']
  const places = providers.map((provider, index) =>
    createPlace(
      provider.channels[0] as Place['state'],
      { socket: () => sockets[index] } as unknown as Place['channel'],
    ),
  )
  const left: string[] = []
  const asked: string[] = []
  const lag = createLagWatch({
    parts: { clock, heads },
    places: { list: () => places, leave: ({ id }, why) => left.push(`${id}: ${why}`) },
    ask: async (_, { provider }) => {
      asked.push(`${clock.now()} ${provider}`)
      throw new Error('It is down.')
    },
    providers: () => ['p1', 'p2', 'p3'],
  })
  const [p1] = places as [Place]
  /** What a provider shows now. */
  const show = (number: number, height: number) =>
    heads.observe(places[number - 1]!.state.provider, height, clock.now())
  return { clock, lag, places, sockets, p1, show, left, asked }
}

describe('a place that is behind', () => {
  test('default: it is left after three seconds of it', async () => {
    const { clock, lag, p1, show, left } = setUp()
    show(2, 110)
    for (const height of [100, 101, 102]) {
      show(1, height)
      lag.hear(p1, KIND)
      expect([lag.isBehind(p1, KIND), left]).toEqual([true, []])
      await clock.advance(1_000)
    }
    show(1, 103)
    lag.hear(p1, KIND)
    expect(left).toEqual(['p1: it is behind'])
  })

  test('behavior: it has caught up in between: it has three seconds again', async () => {
    const { clock, lag, p1, show, left } = setUp()
    for (const height of [100, 110, 100]) {
      show(2, 110)
      show(1, height)
      lag.hear(p1, KIND)
      await clock.advance(2_000)
    }
    expect([lag.isBehind(p1, KIND), left]).toEqual([true, []])
  })

  test('behavior: it was lost in between: it has three seconds again', async () => {
    const { clock, lag, p1, show, left } = setUp()
    const hear = () => {
      show(2, 110)
      show(1, 100)
      lag.hear(p1, KIND)
    }
    hear()
    await clock.advance(1_000)
    p1.failedAt = clock.now()
    await clock.advance(3_600_000)
    hear()
    expect([lag.isBehind(p1, KIND), left]).toEqual([true, []])
    await clock.advance(3_000)
    hear()
    expect(left).toEqual(['p1: it is behind'])
  })

  test.each([
    ['has failed of late', {}, (places: Place[]) => Object.assign(places[1] as Place, { failedAt: 0 })],
    ['waits to connect again', {}, (_: Place[], sockets: string[]) => sockets.splice(1, 1, 'waiting')],
    ['is a backup', { backups: [2, 3] }, () => {}],
  ])('behavior: the one that is level %s: it is kept', async (_, given, change) => {
    const { clock, lag, p1, places, sockets, show, left } = setUp(given)
    change(places, sockets)
    for (let count = 0; count < 5; count++) {
      show(2, 110)
      show(1, 100)
      lag.hear(p1, KIND)
      await clock.advance(2_000)
    }
    expect([lag.isBehind(p1, KIND), left]).toEqual([false, []])
  })

  test('behavior: of the others nobody is known to be level but one that is no place now: it is kept', () => {
    const { lag, p1, places, show } = setUp()
    Object.assign(places[1] as Place, { failedAt: 0 })
    show(2, 110)
    show(1, 100)
    expect(lag.isBehind(p1, KIND)).toBe(false)
    show(3, 109)
    expect(lag.isBehind(p1, KIND)).toBe(true)
  })
})

test('default: the others are asked once a minute, while the place pushes', async () => {
  const { clock, lag, p1, asked } = setUp()
  for (let second = 0; second < 125; second++) {
    lag.hear(p1, KIND)
    await clock.advance(1_000)
  }
  expect(asked).toEqual(['60000 p2', '60000 p3', '120000 p2', '120000 p3'])
  await clock.advance(120_000)
  expect(asked.length).toBe(4)
})
