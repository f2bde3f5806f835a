// Batches over real connections: viem clients against loopback providers that batch well, badly, or not at all.

import { getEventListeners } from 'node:events'
import { createPublicClient } from 'viem'
import { mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import type { FailoverOptions, ProviderEntry } from '../../src/index'
import { failover } from '../../src/index'
import { hashOf } from '../support/chain-block'
import { createFleet } from '../support/fleet'
import type { FleetProvider } from '../support/fleet-provider'
import type { BehaviourScript } from '../support/provider-behaviour'

const addressOf = (index: number) => `0x${(index + 1).toString(16).padStart(40, '0')}` as const

async function setUp(scripts: readonly BehaviourScript[], options: FailoverOptions = {}, entry: object = {}) {
  const fleet = await createFleet(scripts)
  const list = fleet.providers.map(({ url }, index): ProviderEntry => ({ id: `p${index + 1}`, http: url, ...entry }))
  const client = createPublicClient({ chain: mainnet, transport: failover(list, options) })
  const capabilities: unknown[] = []
  client.transport.on('capability', (event) => capabilities.push(event))
  return {
    fleet,
    client,
    capabilities,
    async [Symbol.asyncDispose]() {
      await client.transport.close()
      await fleet.close()
    },
    /** So many different reads at once. */
    read: (count: number) =>
      Promise.all(paramsOf(count).map((params) => client.request({ method: 'eth_call', params: [...params] }))),
  }
}

function paramsOf(count: number) {
  return Array.from({ length: count }, (_, index) => [{ to: addressOf(index), data: '0x01' }, 'latest'] as const)
}

/** What the simulated nodes answer. */
function truth(count: number) {
  return paramsOf(count).map((params) => hashOf(JSON.stringify(params)))
}

/** Sizes of what arrived, by body: 0 for single requests. */
function sizes({ calls }: FleetProvider) {
  const asked = calls.filter(({ method }) => method === 'eth_call')
  return asked.map(({ batch }) => batch)
}

describe('batches under pressure', () => {
  test('default: 4 at once leave singly, 50 in three batches', async () => {
    await using t = await setUp([{}])
    const [p1] = t.fleet.providers as [FleetProvider]
    await t.read(4)
    expect(sizes(p1)).toEqual([0, 0, 0, 0])
    p1.forgetCalls()
    const answers = await t.read(50)
    expect([...new Set(sizes(p1))].sort()).toEqual([10, 20])
    expect(answers).toEqual(truth(50))
  })

  test('behavior: `batch: false` sends each by itself', async () => {
    await using t = await setUp([{}], { batch: false })
    const [p1] = t.fleet.providers as [FleetProvider]
    await t.read(30)
    expect(sizes(p1)).toEqual(Array(30).fill(0))
  })

  test('behavior: `limits.batchSize` says how many', async () => {
    await using t = await setUp([{}], {}, { limits: { batchSize: 7 } })
    const [p1] = t.fleet.providers as [FleetProvider]
    await t.read(14)
    expect(sizes(p1)).toEqual(Array(14).fill(7))
  })

  test('behavior: `limits.concurrency` counts batches: 60 reads leave in one connection, none fails', async () => {
    await using t = await setUp([{ latency: 5 }], {}, { limits: { concurrency: 1 } })
    const [p1] = t.fleet.providers as [FleetProvider]
    expect(await t.read(60)).toEqual(truth(60))
    expect(p1.connections.total).toBeLessThanOrEqual(3) // that of the chain check among them
  })

  test('125. given a batch under pressure with one failing item, then only that item fails over', async () => {
    const failing = { methods: 'eth_getCode', error: { code: -32000, message: 'missing trie node' } }
    await using t = await setUp([[failing], {}])
    const [p1, p2] = t.fleet.providers as [FleetProvider, FleetProvider]
    const code = t.client.request({ method: 'eth_getCode', params: [addressOf(0), 'latest'] })
    const [answers, answer] = await Promise.all([t.read(19), code])
    expect(answer).toBe('0x')
    expect([sizes(p1), sizes(p2), p2.count('eth_getCode')]).toEqual([Array(19).fill(20), [], 1])
    expect(answers).toEqual(truth(19))
  })

  test('125. given answers in another order, then ids are matched', async () => {
    await using t = await setUp([{ unorderedBatches: true }])
    expect(await t.read(45)).toEqual(truth(45))
  })

  test('125. given a batch whose answer is one error object, then members are settled one by one, and no batch follows', async () => {
    await using t = await setUp([{ batchAsOneError: true }, {}])
    const [p1, p2] = t.fleet.providers as [FleetProvider, FleetProvider]
    const answers = await t.read(10)
    expect([sizes(p1), sizes(p2)]).toEqual([[...Array(10).fill(10), ...Array(10).fill(0)], []])
    const [status] = t.client.transport.status().providers
    expect(status?.capabilities.learned.batchSize).toBe(1)
    expect(t.capabilities).toEqual([{ provider: 'p1', what: 'batchSize', from: '20', to: '1', why: 'batch-refused' }])
    p1.forgetCalls()
    await t.read(10)
    expect(sizes(p1)).toEqual(Array(10).fill(0))
    expect(answers).toEqual(truth(10))
  })

  test('given a batch whose answer lacks a member, then it is settled by itself and the others succeed', async () => {
    await using t = await setUp([{ missingMember: true }, {}])
    const [p1, p2] = t.fleet.providers as [FleetProvider, FleetProvider]
    const answers = await t.read(20)
    expect([sizes(p1), sizes(p2)]).toEqual([[...Array(20).fill(20), 0], []])
    expect(answers).toEqual(truth(20))
  })

  test('behavior: a batch that fails as a whole is one failure; all members are answered by the next provider', async () => {
    // A look at its head would be a failure of its own.
    await using t = await setUp([{ status: 503 }, {}], { consistency: 'none' })
    const answers = await t.read(20)
    const [status] = t.client.transport.status().providers
    expect(status?.channels.http?.breaker).toEqual({ state: 'closed', failures: 1 })
    expect(answers).toEqual(truth(20))
  })

  test('behavior: aborting one read leaves the others of its batch alone', async () => {
    await using t = await setUp([{ latency: 30 }])
    const controller = new AbortController()
    const { signal } = controller
    const reads = Array.from({ length: 6 }, (_, index) =>
      t.client.transport.request(
        { method: 'eth_getBalance', params: [addressOf(index), 'latest'] },
        index < 5 ? {} : { signal },
      ),
    )
    const aborted = reads[5]?.catch((error: Error) => error.message)
    controller.abort(new Error('enough'))
    expect([await aborted, await Promise.all(reads.slice(0, 5))]).toEqual(['enough', Array(5).fill('0x64')])
  })

  test('behavior: a hundred reads and a wide one with the same signal leave one listener on it while they last, and none after', async () => {
    await using t = await setUp([{ latency: 30 }], {}, { capabilities: { logs: { maxBlockRange: 10 } } })
    const { signal } = new AbortController()
    const ask = (method: string, ...params: unknown[]) =>
      t.client.transport.request({ method, params } as never, { signal })
    const reads = [
      ...Array.from({ length: 100 }, (_, index) => ask('eth_getBalance', addressOf(index), 'latest')),
      ask('eth_getLogs', { fromBlock: '0x0', toBlock: '0x40' }),
    ]
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await Promise.allSettled(reads)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('behavior: 1 000 reads at once through three providers, one of them cut off meanwhile: all are right', async () => {
    await using t = await setUp([{ latency: 5 }, { latency: 5 }, { latency: 5 }])
    const [p1] = t.fleet.providers as [FleetProvider]
    const answers = t.read(1_000)
    await Promise.resolve().then(() => p1.kill())
    expect(await answers).toEqual(truth(1_000))
    expect(t.client.transport.status().requests).toMatchObject({ failed: 0 })
  })
})
