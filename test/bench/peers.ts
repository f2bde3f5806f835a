// The clients that are compared, behind one small interface: each asks the same question of the same three URLs.

import { FallbackProvider, FetchRequest, JsonRpcProvider } from 'ethers'
import type { Hex, Transport } from 'viem'
import { createPublicClient, fallback, http, numberToHex } from 'viem'
import { mainnet } from 'viem/chains'
import type { FailoverOptions } from '../../src/index'
import { failover } from '../../src/index'

/**
 * What is asked. `balance`: that of another address each time. `old balance`: the same at another old block each time. `call`:
 * an `eth_call` that reverts. `logs`: those of 900 blocks. `newest logs`: those of the last 40. `head`: the number of the head.
 */
export type Question = 'balance' | 'old balance' | 'call' | 'logs' | 'newest logs' | 'head'

/** The blocks that `logs` and `newest logs` ask for. */
export const ranges = { logs: { from: 101, to: 1_000 }, 'newest logs': { from: 961, to: 1_000 } }

export type Peer = {
  readonly name: string
  /** Asks once. Resolves or rejects with whatever the client gives. */
  call(): Promise<unknown>
  /** Ends the client's timers and sockets. */
  close(): void
}

export type PeerOptions = {
  readonly urls: readonly string[]
  readonly question: Question
  /** The options of `failover` that a user would set in this case. Other clients ignore them. */
  readonly options?: FailoverOptions | undefined
}

export type PeerMaker = { readonly name: string; make(options: PeerOptions): Peer }

/** The method that a question asks, as providers see it. */
export function methodOf(question: Question) {
  if (isOfLogs(question)) return 'eth_getLogs'
  return question === 'call' ? 'eth_call' : question === 'head' ? 'eth_blockNumber' : 'eth_getBalance'
}

/** How often viem's `fallback` ranks (in ms): often enough for a run of a few seconds. Its default is every 4 s. */
const rankInterval = 200

export const failoverPeer: PeerMaker = {
  name: 'failover',
  make({ urls, question, options }) {
    const list = urls.map((http, index) => ({ id: `p${index + 1}`, http }))
    const transport = failover(list, options)
    const client = createPublicClient({ chain: mainnet, transport })
    return { name: this.name, call: viemCall(client, question), close: () => void client.transport.close() }
  },
}

export const fallbackPeer: PeerMaker = {
  name: 'viem fallback',
  make({ urls, question }) {
    return viemPeer(this.name, fallback(urls.map((url) => http(url))), question)
  },
}

export const rankedPeer: PeerMaker = {
  name: 'viem fallback, rank',
  make({ urls, question }) {
    let isClosed = false
    // viem's ranking loop has no end. Only a ping that never answers stops it.
    const ping = ({ transport }: { transport: ReturnType<Transport> }) =>
      isClosed ? new Promise<unknown>(() => {}) : transport.request({ method: 'net_version' })
    const transport = fallback(
      urls.map((url) => http(url)),
      { rank: { interval: rankInterval, ping } },
    )
    const close = () => {
      isClosed = true
    }
    return { ...viemPeer(this.name, transport, question), close }
  },
}

export const ethersPeer: PeerMaker = {
  name: 'ethers FallbackProvider',
  make({ urls, question }) {
    const options = { cacheTimeout: -1, batchMaxCount: 1, staticNetwork: true }
    const providers = urls.map((url) => new JsonRpcProvider(new FetchRequest(url), 1, options))
    // Without priorities ethers asks the providers in random order.
    const configs = providers.map((provider, index) => ({ provider, priority: index + 1 }))
    const provider = new FallbackProvider(configs, 1, { cacheTimeout: -1, quorum: 1 })
    const next = createAddresses()
    const oldBlock = createOldBlocks()
    return {
      name: this.name,
      call() {
        if (question === 'head') return provider.getBlockNumber()
        if (isOfLogs(question))
          return provider.getLogs({ fromBlock: ranges[question].from, toBlock: ranges[question].to })
        if (question === 'call') return provider.call({ to: next(), data: '0x01' })
        return provider.getBalance(next(), question === 'balance' ? undefined : oldBlock())
      },
      close: () => {
        for (const one of [provider, ...providers]) void one.destroy()
      },
    }
  },
}

export const allPeers: readonly PeerMaker[] = [fallbackPeer, rankedPeer, ethersPeer, failoverPeer]

function viemPeer(name: string, transport: Transport, question: Question): Peer {
  const client = createPublicClient({ chain: mainnet, transport })
  return { name, call: viemCall(client, question), close: () => {} }
}

function viemCall(client: { request(args: never): Promise<unknown> }, question: Question) {
  const next = createAddresses()
  const oldBlock = createOldBlocks()
  return () => {
    const params = {
      head: () => [],
      balance: () => [next(), 'latest'],
      'old balance': () => [next(), numberToHex(oldBlock())],
      call: () => [{ to: next(), data: '0x01' }, 'latest'],
      logs: () => [filterOf('logs')],
      'newest logs': () => [filterOf('newest logs')],
    }
    return client.request({ method: methodOf(question), params: params[question]() } as never)
  }
}

export function isOfLogs(question: Question): question is keyof typeof ranges {
  return question in ranges
}

function filterOf(question: keyof typeof ranges) {
  const { from, to } = ranges[question]
  return { fromBlock: numberToHex(from), toBlock: numberToHex(to) }
}

/** Gives the block numbers 1 to 50 in turn, again and again. */
function createOldBlocks(): () => number {
  let count = 0
  return () => (count++ % 50) + 1
}

/** Gives another address each time, so that no client can answer from memory. */
function createAddresses(): () => Hex {
  let count = 0
  return () => `0x${(++count).toString(16).padStart(40, '0')}`
}
