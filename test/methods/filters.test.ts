// Filters on their own: what they ask of whom, with a stand-in for the pipeline.

import { InvalidInputRpcError } from 'viem'
import { describe, expect, test } from 'vitest'
import { NoProviderError } from '../../src/errors'
import type { Caller, Calls } from '../../src/methods/calls'
import { createFilters } from '../../src/methods/filters'
import type { ChannelState } from '../../src/provider/provider'
import type { Plan } from '../../src/request/flight'
import type { RequestOverrides } from '../../src/request/plan'
import type { RpcRequest } from '../../src/types'
import { rpcError } from '../support/errors'
import { createManualClock } from '../support/manual-clock'

type Answer = (request: RpcRequest) => unknown

/** Filters over providers that answer as told; the first one that may be asked is. */
function createSubject(providers: Record<string, Answer>, limits: Caller['limits'] = {}) {
  const clock = createManualClock()
  const asked: string[] = []
  const calls: Calls = {
    clock,
    providers: Object.keys(providers),
    planOf: (_, overrides: RequestOverrides = {}) => ({ ...overrides, timeout: 1_000 }) as unknown as Plan,
    async call(_, request, plan, onWinner) {
      const id = Object.keys(providers).find(
        (id) => !plan.exclude?.includes(id) && (plan.provider === undefined || plan.provider === id),
      )
      if (id === undefined) throw new NoProviderError({ method: request.method, reasons: [] })
      asked.push(`${id} ${request.method} ${plan.timeout}`)
      const value = await (providers[id] as Answer)(request)
      onWinner?.({ provider: { id } } as ChannelState, 1)
      return value
    },
    pause: () => Promise.resolve(),
  }
  const filters = createFilters(calls, { request: calls.call })
  const caller: Caller = { channels: [], signal: undefined, deadline: 1_000, limits, id: 1, onAnswer: () => {} }
  const request = (method: string, ...params: unknown[]) =>
    Promise.resolve().then(() => filters.request({ ...caller, deadline: clock.now() + 1_000 }, { method, params }))
  return { clock, asked, request }
}

/** A node at a height that the test sets. */
function createNode(height: number) {
  const node = {
    height,
    refused: {} as Record<string, Error | 'null'>,
    answer({ method, params }: RpcRequest): unknown {
      const refused = node.refused[method]
      if (refused === 'null') return null
      if (refused) throw refused
      const [first] = (params ?? []) as [any]
      if (method === 'eth_blockNumber') return `0x${node.height.toString(16)}`
      if (method === 'eth_getLogs') return [`${Number(first.fromBlock)}-${Number(first.toBlock)}`]
      return { hash: `hash of ${Number(first)}` }
    },
  }
  return node
}

describe('changes', () => {
  test('default: each block once', async () => {
    const p1 = createNode(10)
    const { request } = createSubject({ p1: p1.answer })
    const [logs, blocks] = [await request('eth_newFilter', {}), await request('eth_newBlockFilter')]
    expect(await request('eth_getFilterChanges', logs)).toEqual([])
    p1.height = 12
    expect(await request('eth_getFilterChanges', logs)).toEqual(['11-12'])
    expect(await request('eth_getFilterChanges', logs)).toEqual([])
    expect(await request('eth_getFilterChanges', blocks)).toEqual(['hash of 11', 'hash of 12'])
    expect(await request('eth_getFilterChanges', blocks)).toEqual([])
  })

  test('behavior: two polls at once do not both deliver', async () => {
    const p1 = createNode(10)
    const { request } = createSubject({ p1: p1.answer })
    const id = await request('eth_newFilter', {})
    p1.height = 11
    const both = await Promise.all([request('eth_getFilterChanges', id), request('eth_getFilterChanges', id)])
    expect(both).toEqual([['11-11'], []])
  })

  test('behavior: logs come from the provider that has the head', async () => {
    const [p1, p2] = [createNode(12), createNode(10)]
    const { asked, request } = createSubject({ p2: p2.answer, p1: p1.answer })
    const id = await request('eth_newFilter', {})
    p2.refused.eth_blockNumber = rpcError(-32000, 'away')
    await expect(request('eth_getFilterChanges', id)).rejects.toThrow('away')
    p2.refused = { eth_getLogs: rpcError(-32601, 'not supported') }
    p2.height = 11
    asked.length = 0
    expect(await request('eth_getFilterChanges', id)).toEqual(['11-12'])
    expect(asked).toEqual([
      'p2 eth_blockNumber 1000',
      'p2 eth_getLogs 600',
      'p1 eth_blockNumber 1000',
      'p1 eth_getLogs 1000',
    ])
  })

  test('behavior: a block that is not there is asked of the next provider', async () => {
    const [p1, p2] = [createNode(10), createNode(10)]
    const { request } = createSubject({ p1: p1.answer, p2: p2.answer })
    const id = await request('eth_newBlockFilter')
    for (const node of [p1, p2]) node.height = 11
    p1.refused = { eth_getBlockByNumber: 'null' }
    expect(await request('eth_getFilterChanges', id)).toEqual(['hash of 11'])
    for (const node of [p1, p2]) node.height = 12
    p2.refused = { eth_getBlockByNumber: 'null' }
    await expect(request('eth_getFilterChanges', id)).rejects.toMatchObject({ name: 'ResourceNotFoundRpcError' })
    p1.refused = {}
    expect(await request('eth_getFilterChanges', id)).toEqual(['hash of 12'])
  })

  test('behavior: only the blocks of the filter', async () => {
    const p1 = createNode(10)
    const { asked, request } = createSubject({ p1: p1.answer })
    const id = await request('eth_newFilter', { fromBlock: '0xd', toBlock: '0xf' })
    const seen: unknown[] = []
    for (const height of [12, 14, 20, 21]) {
      p1.height = height
      seen.push(await request('eth_getFilterChanges', id))
    }
    expect(seen).toEqual([[], ['13-14'], ['15-15'], []])
    expect(asked.filter((call) => call.includes('eth_getLogs'))).toHaveLength(2)
  })

  test('error: what a provider says does not look like a filter that is gone', async () => {
    const p1 = createNode(10)
    const { request } = createSubject({ p1: p1.answer })
    const id = await request('eth_newFilter', {})
    p1.height = 11
    p1.refused.eth_getLogs = Object.assign(new InvalidInputRpcError(rpcError(-32000, 'busy')), { attempts: [1] })
    await expect(request('eth_getFilterChanges', id)).rejects.toMatchObject({
      name: 'InternalRpcError',
      code: -32603,
      details: 'busy',
      attempts: [1],
    })
    p1.refused = {}
    expect(await request('eth_getFilterChanges', id)).toEqual(['11-11'])
  })
})

describe('ids', () => {
  const gone = { name: 'InvalidInputRpcError', code: -32000, details: 'filter not found' }

  test('default: uninstalled once, unknown afterwards', async () => {
    const { request } = createSubject({ p1: createNode(10).answer })
    const id = await request('eth_newFilter', {})
    expect(await request('eth_uninstallFilter', id)).toBe(true)
    expect(await request('eth_uninstallFilter', id)).toBe(false)
    await expect(request('eth_getFilterChanges', id)).rejects.toMatchObject(gone)
    await expect(request('eth_getFilterLogs', id)).rejects.toMatchObject(gone)
    await expect(request('eth_getFilterChanges')).rejects.toMatchObject(gone)
  })

  test('behavior: unused for five minutes they go', async () => {
    const { clock, request } = createSubject({ p1: createNode(10).answer })
    const [used, unused] = [await request('eth_newFilter', {}), await request('eth_newFilter', {})]
    await clock.advance(200_000)
    expect(await request('eth_getFilterChanges', used)).toEqual([])
    await clock.advance(100_001)
    expect(await request('eth_getFilterChanges', used)).toEqual([])
    await expect(request('eth_getFilterChanges', unused)).rejects.toMatchObject(gone)
  })

  test('behavior: at most 1_000, the one unused for longest goes first', async () => {
    const { request } = createSubject({ p1: createNode(10).answer })
    const [first, second] = [await request('eth_newFilter', {}), await request('eth_newFilter', {})]
    for (let count = 2; count < 1_000; count++) await request('eth_newBlockFilter')
    expect(await request('eth_getFilterChanges', first)).toEqual([])
    await request('eth_newBlockFilter')
    expect(await request('eth_getFilterChanges', first)).toEqual([])
    await expect(request('eth_getFilterChanges', second)).rejects.toMatchObject(gone)
  })
})

test('behavior: a caller that named a provider gets the filter of that one', async () => {
  const [p1, p2] = [createNode(10), createNode(20)]
  const { asked, request } = createSubject({ p1: p1.answer, p2: p2.answer }, { provider: 'p2', isPinned: true })
  const id = await request('eth_newFilter', {})
  p2.height = 21
  expect(await request('eth_getFilterChanges', id)).toEqual(['21-21'])
  p2.height = 22
  p2.refused.eth_getLogs = rpcError(-32603, 'ill')
  await expect(request('eth_getFilterChanges', id)).rejects.toThrow('ill')
  expect(asked.every((call) => call.startsWith('p2 '))).toBe(true)
})
