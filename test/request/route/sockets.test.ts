// Providers that are reached by socket: who is asked while one is not open, and who opens it.

import { expect, test } from 'vitest'
import type { TestProvider } from '../../support/engine'
import { createTestEngine } from '../../support/engine'

const READ = 'eth_getBalance'

function setUp(others: TestProvider[]) {
  const seen = { socket: 'idle' as 'idle' | 'open', dials: 0 }
  const engine = createTestEngine({ providers: [{ channels: ['ws'], socket: () => seen.socket }, ...others] })
  Object.assign(engine.channel('p1'), { dial: () => seen.dials++ })
  const ids = ['p1', ...others.map((_, index) => `p${index + 2}`)]
  return {
    ...engine,
    seen,
    open() {
      seen.socket = 'open'
      engine.engine.onSocket('p1', { from: 'connecting', to: 'open', attempt: 0, isBlamed: false })
    },
    async asked() {
      const before = ids.map((id) => engine.channel(id).count())
      await engine.request(READ)
      return ids.filter((id, index) => engine.channel(id).count() > (before[index] as number))
    },
  }
}

test('behavior: one that is not open is dialled by the first request that would have preferred it, which goes the next way meanwhile; later ones take it', async () => {
  const { asked, seen, open } = setUp([{}])
  expect([await asked(), seen.dials]).toEqual([['p2'], 1])
  open()
  expect([await asked(), seen.dials]).toEqual([['p1'], 1])
})

test('behavior: with sockets only, the request itself opens it', async () => {
  const { asked, seen } = setUp([])
  expect([await asked(), seen.dials]).toEqual([['p1'], 0])
})

test('behavior: no socket is opened for a request that prefers another provider', async () => {
  const { request, seen, channel } = setUp([{}])
  await request(READ, [], { strategy: (candidates) => [...candidates].reverse() })
  expect([channel('p2').count(), seen.dials]).toEqual([1, 0])
})
