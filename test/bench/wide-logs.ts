// The time of a very wide `eth_getLogs` over three providers of different speed, and the time that it would take at best.

import { createPublicClient, numberToHex } from 'viem'
import { mainnet } from 'viem/chains'
import { failover } from '../../src/index'
import { RpcFault } from '../support/chain-rpc'
import { createFleet } from '../support/fleet'
import type { Behaviour } from '../support/provider-behaviour'

export type WideLogs = {
  /** Calls of `eth_getLogs` that reached a provider. */
  readonly requests: number
  /** Time of the best run (in ms): a noisy machine only makes runs slower. */
  readonly wall: number
  readonly ideal: number
}

/** Highest ratio of `wall` to `ideal` with `--check`. */
export const wideLimit = 1.25
/** Latencies of the providers (in ms). */
export const wideLatencies = [50, 100, 200]

const runs = 3
const blocks = 1_000_000
const maxBlockRange = 2_000
const concurrency = 4

export async function measureWideLogs(): Promise<WideLogs> {
  const result = { eth_getLogs: answer, eth_blockNumber: numberToHex(2 * blocks) }
  const walls: number[] = []
  let requests = 0
  for (let run = 0; run < runs; run++) {
    await using fleet = await createFleet(wideLatencies.map((latency): Behaviour => ({ latency, result })))
    const list = fleet.providers.map(({ id, url }) => ({ id, http: url }))
    const transport = failover(list, { logs: { concurrency, maxRequests: 1_000 } })
    const client = createPublicClient({ chain: mainnet, transport })
    await client.transport.ready()
    const from = performance.now()
    const filter = { fromBlock: numberToHex(1), toBlock: numberToHex(blocks) }
    const logs = await client.transport.request<ReturnType<typeof answer>>({ method: 'eth_getLogs', params: [filter] })
    walls.push(performance.now() - from)
    if (logs.some(({ blockNumber }, index) => Number(blockNumber) !== (index + 1) * 1_000) || logs.length !== 1_000)
      throw new Error(`there are ${logs.length} logs, or they are out of order`)
    requests = fleet.providers.reduce((sum, provider) => sum + provider.count('eth_getLogs'), 0)
    await client.transport.close()
  }
  const ideal = blocks / maxBlockRange / wideLatencies.reduce((sum, latency) => sum + concurrency / latency, 0)
  return { requests, wall: Math.min(...walls), ideal }
}

/** The answer of each provider: a log in every thousandth block of the range. */
function answer([{ fromBlock, toBlock }]: [{ fromBlock: string; toBlock: string }]) {
  const [from, to] = [Number(fromBlock), Number(toBlock)]
  if (to - from >= maxBlockRange) throw new RpcFault(-32602, `range ${to - from + 1} exceeds limit of ${maxBlockRange}`)
  const logs: { blockNumber: string; logIndex: string; data: string; topics: string[] }[] = []
  for (let block = Math.ceil(from / 1_000) * 1_000; block <= to; block += 1_000)
    logs.push({ blockNumber: numberToHex(block), logIndex: '0x0', data: '0x', topics: [] })
  return logs
}
