// What a healthy call costs in this process: `failover` and viem's `fallback` over three transports that answer from memory.

import type { Hex } from 'viem'
import { createPublicClient, custom, fallback } from 'viem'
import { mainnet } from 'viem/chains'
import { failover } from '../../src/index'
import { collectGarbage, median } from './measure'

export type Cost = {
  readonly title: string
  readonly calls: number
  /** Medians over the runs (in us a call). */
  readonly custom: number
  readonly fallback: number
  readonly failover: number
  /** The median of `failover`, divided by that of `fallback`. */
  readonly ratio: number
}

export type Memory = { readonly calls: number; readonly fallback: number; readonly failover: number }

type Request = { readonly method: 'eth_call'; readonly params: readonly unknown[] }
type Client = { request(request: Request): Promise<unknown> }

/** Highest `ratio` with `--check`. The goal is 1. */
export const costLimit = 1.2

const runs = 5
const target: Hex = `0x${'c0'.repeat(20)}`

export async function measureCost(options: { title: string; bytes: number; calls: number }): Promise<Cost> {
  const { title, bytes, calls } = options
  const requests = requestsOf(bytes)
  const clients = await createClients()
  const names = ['custom', 'fallback', 'failover'] as const
  const times = { custom: [], fallback: [], failover: [] } as Record<(typeof names)[number], number[]>
  for (const name of names) await timeOf(clients[name], requests, Math.ceil(calls / 5))
  for (let run = 0; run < runs; run++)
    // The clients alternate, so that a busy moment of the machine slows all of them.
    for (const name of names) times[name].push(await timeOf(clients[name], requests, calls))
  clients.close()
  const [plain, viem, ours] = [median(times.custom), median(times.fallback), median(times.failover)]
  return { title, calls, custom: plain, fallback: viem, failover: ours, ratio: ours / viem }
}

/** The heap that stays in use after this many calls (in kB). */
export async function measureMemory(calls: number): Promise<Memory> {
  const requests = requestsOf(200)
  const clients = await createClients()
  const growthOf = async (client: Client) => {
    await timeOf(client, requests, 1_000)
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    await timeOf(client, requests, calls)
    collectGarbage()
    return (process.memoryUsage().heapUsed - before) / 1_000
  }
  const memory = { calls, fallback: await growthOf(clients.fallback), failover: await growthOf(clients.failover) }
  clients.close()
  return memory
}

/** The time of a call (in us), measured over calls one after the other. */
async function timeOf(client: Client, requests: readonly Request[], calls: number) {
  collectGarbage()
  const from = performance.now()
  for (let call = 0; call < calls; call++) await client.request(requests[call % requests.length] as Request)
  return ((performance.now() - from) * 1_000) / calls
}

async function createClients() {
  const entry = () =>
    custom({
      request: async ({ method }: { method: string }) => (method === 'eth_chainId' ? '0x1' : '0x2a'),
    })
  const list = ['a', 'b', 'c'].map((id) => ({ id, http: entry(), wallet: false }))
  const ours = createPublicClient({ chain: mainnet, transport: failover(list) })
  await ours.transport.ready()
  const viem = createPublicClient({ chain: mainnet, transport: fallback([entry(), entry(), entry()]) })
  const plain = createPublicClient({ chain: mainnet, transport: entry() })
  return {
    custom: plain as unknown as Client,
    fallback: viem as unknown as Client,
    failover: ours as unknown as Client,
    close: () => void ours.transport.close(),
  }
}

/** Requests that are made before the time is taken. There are so many that equal ones are never close to each other. */
function requestsOf(bytes: number): readonly Request[] {
  const count = Math.min(10_000, Math.ceil(4_000_000 / bytes))
  return Array.from({ length: count }, (_, index) => {
    const head = Buffer.from(index.toString(16).padStart(8, '0'), 'hex')
    const data = `0x${Buffer.concat([head, Buffer.alloc(bytes / 2 - 4, index)]).toString('hex')}`
    return { method: 'eth_call', params: [{ to: target, data }, 'latest'] }
  })
}
