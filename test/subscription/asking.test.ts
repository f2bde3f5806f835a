// Whom the streams of a list ask.

import { describe, expect, test } from 'vitest'
import type { ClientChannels, Face, RequestOverrides } from '../../src/request/route/plan'
import { createPlanner } from '../../src/request/route/plan'
import { createAsking } from '../../src/subscription/asking'
import { createProviders } from '../provider/providers'
import { planSettings } from '../support/settings'

function setUp(
  methods: Parameters<typeof createPlanner>[0]['methods'],
  onSignal = (_: AbortSignal) => {},
  own?: RequestOverrides,
) {
  const providers = createProviders([{}, {}, {}])
  const excluded: (readonly string[])[] = []
  const channels: unknown[] = []
  const face = {
    channels: [] as ClientChannels,
    planner: createPlanner({ ...planSettings, methods }, own),
  } as Face
  const asking = createAsking(
    {
      parts: { providers, channels: providers.flatMap(({ channels }) => channels) },
      async request({ plan, signal }) {
        onSignal(signal as AbortSignal)
        excluded.push(plan.exclude)
        channels.push(plan.channel)
        return null
      },
    },
    face,
  )
  return { ...asking, excluded, channels }
}

describe('serving', () => {
  const block = { method: 'eth_getBlockByNumber', params: ['0x1', false] }

  test('behavior: for logs behind a wall, a block is asked only of those that may be asked for the logs', async () => {
    const { ask, excluded } = setUp({ eth_getLogs: { providers: ['p2'] } })
    await ask(block, { purpose: 'backfill', exclude: ['p9'], serving: 'eth_getLogs' })
    await ask(block, { purpose: 'backfill' })
    expect(excluded).toEqual([['p9', 'p1', 'p3'], []])
  })

  test('default: without a wall, of all', async () => {
    const { ask, excluded } = setUp({})
    await ask(block, { purpose: 'backfill', serving: 'eth_getLogs' })
    expect(excluded).toEqual([[]])
  })
})

test('behavior: given a listener that begins anew as all that is asked is given up, then what it asks is not', () => {
  const signals: AbortSignal[] = []
  const block = { method: 'eth_blockNumber' }
  const { ask, abort, begin } = setUp({}, (signal) => {
    if (signals.push(signal) > 1) return
    signal.addEventListener('abort', () => {
      begin()
      void ask(block, { purpose: 'heads' })
    })
  })
  void ask(block, { purpose: 'heads' })
  abort()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
})

test('behavior: once all is given up nothing is asked, until somebody begins anew', async () => {
  let count = 0
  const { ask, abort, begin } = setUp({}, () => void count++)
  const block = { method: 'eth_blockNumber' }
  abort()
  await expect(ask(block, { purpose: 'heads' })).rejects.toThrow('Nobody is subscribed any more.')
  expect(count).toBe(0)
  begin()
  void ask(block, { purpose: 'heads' })
  expect(count).toBe(1)
})

test.each([
  ['all channels', undefined, [undefined, 'http', 'ws']],
  ['all channels of one provider', { provider: 'p1' }, [undefined, 'http', 'ws']],
  ['one channel', { channel: 'ws' as const }, ['ws', 'ws', 'ws']],
])(
  'behavior: of a client with %s, it is asked over the channel that is named, but over no other one than its own',
  async (_, own, expected) => {
    const { ask, channels } = setUp({}, () => {}, own)
    for (const channel of [undefined, 'http', 'ws'] as const)
      await ask({ method: 'eth_blockNumber' }, { purpose: 'heads', channel })
    expect(channels).toEqual(expected)
  },
)
