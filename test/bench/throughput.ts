// Throughput with many callers: 64 reads at a time, again and again, through one loopback provider. Each peer runs beside
// viem's `http` in the same run, so that a busy machine slows both.

import type { Hex, Transport } from 'viem'
import { createPublicClient, http } from 'viem'
import { mainnet } from 'viem/chains'
import { failover } from '../../src/index'
import { createFleet } from '../support/fleet'
import { collectGarbage, median } from './measure'

/** `rates`: reads per second of each peer, by its name. `latency`: that of the provider (in ms). */
export type Throughput = { readonly latency: number; readonly rates: Readonly<Record<PeerName, number>> }

export type PeerName = keyof typeof peers

export const atOnce = 64
const runs = 5
/** How long each peer reads in one run (in ms). */
const length = 400

const peers = {
  'viem http': (url: string) => http(url),
  'viem http, batch: true': (url: string) => http(url, { batch: true }),
  'failover, batch: false': (url: string) => failover([url], { batch: false }),
  failover: (url: string) => failover([url]),
  'failover, batchSize: 100': (url: string) => failover([{ http: url, limits: { batchSize: 100 } }]),
}

export const peerNames = Object.keys(peers) as PeerName[]

/** The least ratios of rates that `failover` must reach against viem's `http`, with and without batches. */
const limits: readonly { peer: PeerName; to: PeerName; least: number; latency?: number }[] = [
  { peer: 'failover', to: 'viem http', least: 3, latency: 0 },
  { peer: 'failover', to: 'viem http, batch: true', least: 0.6 },
  { peer: 'failover, batchSize: 100', to: 'viem http, batch: true', least: 0.9 },
]

/** The rate of a peer, divided by that of viem's `http` without batches and with them. */
export function ratiosOf({ rates }: Throughput, peer: PeerName): readonly number[] {
  return [rates[peer] / rates['viem http'], rates[peer] / rates['viem http, batch: true']]
}

export function missedBy({ latency, rates }: Throughput): string[] {
  return limits.flatMap((limit) => {
    const ratio = rates[limit.peer] / rates[limit.to]
    if (ratio >= limit.least || (limit.latency ?? latency) !== latency) return []
    return `${atOnce} reads at once, ${latency} ms: ${limit.peer} is ${ratio.toFixed(2)} of ${limit.to}, limit ${limit.least}`
  })
}

/** @param latency of the provider (in ms) */
export async function measureThroughput(latency: number): Promise<Throughput> {
  await using fleet = await createFleet([latency > 0 ? { latency } : {}])
  const [provider] = fleet.providers
  const readers = peerNames.map((name) => readerOf(peers[name](provider.url)))
  const rates = peerNames.map((): number[] => [])
  for (const read of readers) await rateOf(read, length / 2)
  for (let run = 0; run < runs; run++)
    // The peers alternate, so that a busy moment of the machine slows all of them.
    for (const [index, read] of readers.entries()) {
      rates[index]?.push(await rateOf(read, length))
      provider.forgetCalls()
    }
  const medians = peerNames.map((name, index) => [name, median(rates[index] as number[])])
  return { latency, rates: Object.fromEntries(medians) as Record<PeerName, number> }
}

/** Reads per second. */
async function rateOf(read: () => Promise<unknown>, ms: number) {
  collectGarbage()
  const from = performance.now()
  let reads = 0
  while (performance.now() - from < ms) {
    await Promise.all(Array.from({ length: atOnce }, read))
    reads += atOnce
  }
  return (reads * 1_000) / (performance.now() - from)
}

/** A function that reads the balance of another address each time. */
function readerOf(transport: Transport) {
  const client = createPublicClient({ chain: mainnet, transport })
  let count = 0
  return () => {
    const address: Hex = `0x${(++count).toString(16).padStart(40, '0')}`
    return client.request({ method: 'eth_getBalance', params: [address, 'latest'] })
  }
}
