// Where the platform keeps requests apart, none depends on what another one began: that may end in the middle of it.

import { expect, test, vi } from 'vitest'
import { createController } from '../../src/base/abort'
import { createSharedSignal } from '../../src/channel/shared-signal'
import { failover } from '../../src/failover'
import { createQuota } from '../../src/provider/quota'
import type { TestEngineOptions } from '../support/engine'
import { createTestEngine } from '../support/engine'
import { networkError } from '../support/errors'
import { createIsolatedClock } from '../support/isolated-clock'

vi.mock('../../src/base/isolated', () => ({ ISOLATED: true }))

const balance = ['eth_getBalance', ['0x0000000000000000000000000000000000000001', 'latest']] as const

function setUp(options: TestEngineOptions['options'] = {}, providers: TestEngineOptions['providers'] = 2) {
  const clock = createIsolatedClock()
  const t = createTestEngine({ clock, options, providers })
  return { ...t, clock, ask: (request: string) => clock.within(request, () => t.start(...balance)) }
}

test('behavior: it is hedged at its own time, whatever becomes of one that began before', async () => {
  const { clock, channel, ask } = setUp()
  channel('p1').hang()
  ask('a')
  await clock.advance(10)
  const b = ask('b')
  clock.end('a')
  await clock.advance(600)
  expect(b.ended).toEqual({ at: 510, value: '0x1' })
})

test('behavior: it fails at its own deadline', async () => {
  const { clock, channel, ask } = setUp({}, 1)
  channel('p1').hang()
  ask('a')
  await clock.advance(10)
  const b = ask('b')
  clock.end('a')
  await clock.advance(11_000)
  expect(b.ended?.at).toBe(10_010)
})

test('behavior: equal reads do not share a call', async () => {
  const { clock, channel, ask } = setUp({ share: true })
  channel('p1').once.hang()
  ask('a')
  const b = ask('b')
  clock.end('a')
  await clock.settle()
  expect([b.ended, channel('p1').count()]).toEqual([{ at: 0, value: '0x1' }, 2])
})

test('behavior: it checks the chain itself', async () => {
  const { clock, channel, ask } = setUp({ verifyChain: true, chainId: 1 }, 1)
  channel('p1').on('eth_chainId').once.hang()
  channel('p1').on('eth_chainId').reply('0x1')
  ask('a')
  const b = ask('b')
  clock.end('a')
  await clock.settle()
  expect([b.ended, channel('p1').count('eth_chainId')]).toEqual([{ at: 0, value: '0x1' }, 2])
})

test('behavior: it does not wait for heads that another one asked for', async () => {
  const { clock, channel, ask } = setUp({ consistency: 'head' })
  channel('p2').on('eth_blockNumber').hang()
  ask('a')
  const b = ask('b')
  clock.end('a')
  await clock.settle()
  expect(b.ended).toEqual({ at: 0, value: '0x1' })
})

test('behavior: who waits for a provider that is down asks it in its own turn', async () => {
  const { clock, channel, ask } = setUp({}, 1)
  const turns: string[] = []
  channel('p1').fail(networkError())
  const early = ask('a')
  await clock.advance(2_000)
  const late = ask('b')
  await clock.advance(1)
  channel('p1').reply(() => turns.push(String(clock.turn())))
  await clock.advance(7_000)
  expect([early.ended?.value, late.ended?.value].sort()).toEqual([1, 2])
  expect(turns.sort()).toEqual(['a', 'b'])
})

test('behavior: what a request learns is known to those after it', async () => {
  const { clock, channel, ask, state } = setUp()
  channel('p1').fail(networkError())
  for (const request of ['a', 'b', 'c', 'd', 'e']) {
    ask(request)
    await clock.settle()
    clock.end(request)
  }
  expect([state('p1'), channel('p1').count()]).toEqual(['open', 3])
})

test('behavior: calls of one turn leave singly', async () => {
  const bodies: string[] = []
  vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
    bodies.push(body)
    return Response.json({ id: JSON.parse(body).id, result: '0x1' })
  })
  const transport = failover(['https://a.example'], { consistency: 'none' })({})
  await Promise.all(Array.from({ length: 10 }, () => transport.request({ method: 'eth_gasPrice' })))
  vi.unstubAllGlobals()
  expect(bodies.filter((body) => body.startsWith('{'))).toHaveLength(10)
})

test('behavior: calls over a viem transport have a signal each', () => {
  const share = createSharedSignal()
  const signals: AbortSignal[] = []
  const call = () => void share(createController().signal, async (signal) => signals.push(signal))
  call()
  call()
  expect(signals[0]).not.toBe(signals[1])
})

test('behavior: a declared concurrency does not hold, as what ends in the middle gives nothing back', () => {
  const quota = createQuota({ concurrency: 1 })
  quota.take(0)
  expect(quota.hasRoom(0)).toBe(true)
})
