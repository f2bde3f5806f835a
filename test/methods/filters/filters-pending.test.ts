// Filters of pending transactions: kept by one provider, made again when it is gone or has forgotten, told once.

import { expect, test } from 'vitest'
import cases from '../../fixtures/provider-errors.json'
import { networkError, rpcError } from '../../support/errors'
import type { EngineNode, NodeEngineOptions } from '../../support/node-engine'
import { createNodeEngine } from '../../support/node-engine'

const OPEN = 'eth_newPendingTransactionFilter'
const CHANGES = 'eth_getFilterChanges'
const CLOSE = 'eth_uninstallFilter'
const hashes = [1, 2, 3].map((digit) => `0x${`${digit}`.repeat(64)}`)
const lost = cases.filter(({ expected }) => expected.kind === 'filter-not-found')

/** Providers that give out ids and tell what the test says. */
async function setUp(count: NodeEngineOptions['nodes'] = 2, options: NodeEngineOptions['options'] = {}) {
  const { ask, start, nodes, channel, state, clock } = createNodeEngine({ nodes: count, options })
  const pending: string[][] = nodes.map(() => [])
  const errors: (Error | undefined)[] = nodes.map(() => undefined)
  for (const [index, node] of nodes.entries()) {
    let lastId = 0
    node.before = ({ method }) => {
      if (method === OPEN) return { value: `p${index + 1}-${++lastId}` }
      if (errors[index] && method === CHANGES) throw errors[index]
      if (method === CHANGES) return { value: pending[index]?.splice(0) }
      return method === CLOSE ? { value: true } : undefined
    }
  }
  const id = await ask(OPEN)
  const closed = (provider: string) =>
    channel(provider)
      .calls.filter(({ method }) => method === CLOSE)
      .map(({ params }) => (params as string[])[0])
  const nodeAt = (index: number) => nodes[index] as EngineNode
  return { ask, start, nodeAt, channel, state, clock, pending, errors, id, closed, poll: () => ask(CHANGES, [id]) }
}

test('default: what the owner tells, each transaction once', async () => {
  const { pending, poll, channel } = await setUp()
  pending[0]?.push(...hashes.slice(0, 2))
  expect(await poll()).toEqual(hashes.slice(0, 2))
  pending[0]?.push(...hashes.slice(1))
  expect(await poll()).toEqual([hashes[2]])
  expect(await poll()).toEqual([])
  expect(channel('p2').count()).toBe(0)
})

test('behavior: what is no transaction is passed on like one', async () => {
  const { pending, poll } = await setUp()
  const odd = [{ hash: { toString: null } }, null, 7] as any[]
  pending[0]?.push(...odd)
  expect(await poll()).toEqual(odd)
})

test.each(lost.map(({ id, vendor, error }) => [id, vendor, error] as const))(
  'behavior: an owner that has forgotten it, in the words of case %i of %s, is given it anew',
  async (_, __, error) => {
    const { pending, errors, poll, channel, state } = await setUp()
    pending[0]?.push(hashes[0] as string)
    await poll()
    errors[0] = rpcError(error?.code ?? -32000, error?.message ?? '')
    expect(await poll()).toEqual([])
    errors[0] = undefined
    pending[0]?.push(...hashes)
    expect(await poll()).toEqual(hashes.slice(1))
    expect([channel('p1').count(OPEN), channel('p2').count(), state('p1')]).toEqual([2, 0, 'closed'])
  },
)

test('behavior: an owner that is gone is replaced; what it told is not told again', async () => {
  const { nodeAt, pending, poll, channel } = await setUp()
  pending[0]?.push(hashes[0] as string)
  await poll()
  nodeAt(0).isDead = true
  expect(await poll()).toEqual([])
  pending[1]?.push(...hashes)
  expect(await poll()).toEqual(hashes.slice(1))
  expect(channel('p2').count(OPEN)).toBe(1)
})

test('behavior: an owner that cuts every connection is not asked for the next one; alone, its own failure is told', async () => {
  const cut = () => networkError()
  const { errors, poll, channel } = await setUp()
  errors[0] = cut()
  expect(await poll()).toEqual([])
  expect([channel('p1').count(OPEN), channel('p2').count(OPEN)]).toEqual([1, 1])
  const alone = await setUp(1)
  alone.errors[0] = cut()
  await expect(alone.poll()).rejects.toMatchObject({ name: 'AllProvidersFailedError' })
})

test.each([
  ['a wall keeps it from the first', 2, { methods: { [CHANGES]: { providers: ['p2'] } } }],
  ['the first is declared not to serve that', [{ capabilities: { methods: { exclude: [CHANGES] } } }, {}], {}],
] as const)(
  'behavior: who may not be asked for changes does not keep it: it told nothing for ever; %s',
  async (_, nodes, options) => {
    const { pending, poll, channel } = await setUp(nodes, options)
    pending[1]?.push(...hashes)
    expect(await poll()).toEqual(hashes)
    expect(channel('p1').count()).toBe(0)
  },
)

test('behavior: given an address behind which every poll meets a node that has not made it, then it is made at another', async () => {
  const { pending, errors, poll, channel } = await setUp()
  errors[0] = rpcError(-32000, 'filter not found')
  expect(await poll()).toEqual([])
  pending[1]?.push(...hashes)
  expect(await poll()).toEqual(hashes)
  expect([channel('p1').count(OPEN), channel('p2').count(OPEN)]).toEqual([1, 1])
})

test('behavior: given such an address and no other that takes it, then it is made there again', async () => {
  const { nodeAt, pending, errors, poll, channel } = await setUp()
  errors[0] = rpcError(-32000, 'filter not found')
  nodeAt(1).before = () => {
    throw rpcError(-32601, 'the method does not exist')
  }
  expect(await poll()).toEqual([])
  errors[0] = undefined
  pending[0]?.push(...hashes)
  expect(await poll()).toEqual(hashes)
  expect(channel('p1').count(OPEN)).toBe(2)
})

test('behavior: it is uninstalled wherever it was, once', async () => {
  const { ask, nodeAt, poll, id, closed, errors } = await setUp()
  nodeAt(0).isDead = true
  await poll()
  nodeAt(0).isDead = false
  errors[1] = rpcError(-32000, 'filter not found')
  await poll()
  expect(closed('p2')).toEqual(['p2-1'])
  expect(await ask(CLOSE, [id])).toBe(true)
  expect([closed('p1').includes('p1-1'), closed('p1').includes('p1-2') || closed('p2').includes('p2-2')]).toEqual([
    true,
    true,
  ])
  expect(await ask(CLOSE, [id])).toBe(false)
  await expect(poll()).rejects.toMatchObject({ name: 'InvalidInputRpcError', details: 'filter not found' })
})

test('behavior: uninstalled while it is made again, it is left nowhere', async () => {
  const { nodeAt, start, clock, id, closed, errors } = await setUp(1)
  errors[0] = rpcError(-32000, 'filter not found')
  nodeAt(0).after = () => 50
  const polled = start(CHANGES, [id])
  await clock.advance(60)
  nodeAt(0).after = () => undefined
  const uninstalled = start(CLOSE, [id])
  await clock.advance(100)
  expect([polled.ended?.value, uninstalled.ended?.value]).toEqual([[], true])
  expect(closed('p1')).toEqual(['p1-1', 'p1-2'])
})

test('error: the logs of a filter of pending transactions', async () => {
  const { ask, id } = await setUp()
  await expect(ask('eth_getFilterLogs', [id])).rejects.toMatchObject({ code: -32000, details: 'filter not found' })
})
