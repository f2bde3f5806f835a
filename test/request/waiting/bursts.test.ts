// Many requests at once while everybody is out for a moment: what is bounded is how often they ask, not who is served.

import { describe, expect, test } from 'vitest'
import { createTestEngine } from '../../support/engine'
import { httpError, networkError, rpcError } from '../../support/errors'
import { seededRandom } from '../../support/seeded-random'

const READ = 'eth_getBalance'
const AWAY = 600

test.each([
  ['503', httpError(503)],
  ['429', httpError(429)],
  ['resets', networkError()],
  ['-32603', rpcError(-32603, 'Internal error')],
  ['header not found', rpcError(-32000, 'header not found')],
])('given 60 reads at once while both are out for 600 ms with %s, then all are served', async (_, error) => {
  const t = createTestEngine({ random: seededRandom(7) })
  for (const id of ['p1', 'p2']) await t.request(READ, [id], { provider: id })
  for (const id of ['p1', 'p2']) t.channel(id).fail(error, { after: 5 })
  const requests = Array.from({ length: 60 }, (_, index) => t.start(READ, [index]))
  await t.clock.advance(AWAY)
  const asked = t.channel('p1').count() + t.channel('p2').count()
  for (const id of ['p1', 'p2']) t.channel(id).reply('0x1', { after: 5 })
  await t.clock.advance(9_000)
  expect(requests.filter(({ ended }) => ended?.value !== '0x1')).toEqual([])
  // Each once of both, the bucket with what 60 bring, and the rounds of the one that is let try.
  expect(asked).toBeLessThanOrEqual(2 + 2 * 60 + 20 + 12 + 6)
})

test('given they stay out, then all end when the one that is let try has failed its rounds', async () => {
  const t = createTestEngine()
  for (const id of ['p1', 'p2']) t.channel(id).fail(rpcError(-32000, 'header not found'))
  const requests = Array.from({ length: 60 }, (_, index) => t.start(READ, [index]))
  await t.clock.advance(3_000)
  expect(requests.filter(({ ended }) => ended?.error?.code !== -32000)).toEqual([])
})

describe('given the first one falls silent', () => {
  const latest = (requests: ReturnType<ReturnType<typeof createTestEngine>['start']>[]) =>
    Math.max(...requests.map(({ ended }) => (ended?.value === '0x1' ? ended.at : Infinity)))

  test('behavior: 300 reads at once wait for its breaker, not for the budget of hedges', async () => {
    const t = createTestEngine()
    t.channel('p1').hang()
    t.channel('p2').reply('0x1', { after: 5 })
    const requests = Array.from({ length: 300 }, (_, index) => t.start(READ, [index]))
    await t.clock.advance(10_000)
    // What the budget has is hedged after 500 ms and opens it; those that could not pay look again 500 ms later.
    expect(t.status().requests.hedged).toBe(20)
    expect(latest(requests)).toBe(1_005)
  })
})
