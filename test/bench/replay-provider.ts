// A simple provider over sockets that keeps hardly anything: it makes blocks other than the last few again from their numbers,
// so that what a run leaves on the heap is the client's. It pushes a block when it is told to.

import type { AddressInfo } from 'node:net'
import { numberToHex } from 'viem'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { ChainBlock, LogSpec } from '../support/chain-block'
import { buildBlock, hashOf, matchesLog } from '../support/chain-block'
import { heightOf, toRpcBlock, toRpcHead, toRpcLog } from '../support/chain-rpc'

export type ReplayProvider = {
  readonly wsUrl: string
  /** Number of handshakes so far. */
  readonly sockets: number
  /** Number of upstream subscriptions that are open. */
  readonly subscriptions: number
  /** Makes the next block and pushes it to all subscribers. Resolves when the frames have left. */
  push(): Promise<void>
  close(): void
}

type Subscriber = { readonly socket: WebSocket; readonly id: string; readonly kind: string; readonly address: string }
type Answers = Record<string, (params: any[], socket: WebSocket) => unknown>

const startHeight = 100
/** Most blocks that are kept. */
const mostKept = 32
const startTime = Math.floor(Date.now() / 1_000)

export async function createReplayProvider(logsOf: (number: number) => readonly LogSpec[]): Promise<ReplayProvider> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise<void>((resolve) => server.once('listening', () => resolve()))
  const subscribers = new Map<string, Subscriber>()
  const blockAt = createBlocks(logsOf)
  let height = startHeight
  let sockets = 0

  const answers: Answers = {
    ...readsOf(blockAt, () => height),
    /** A filter for logs must have one address, and no topics. */
    eth_subscribe([kind, filter], socket) {
      const id = numberToHex(++lastId)
      subscribers.set(id, { socket, id, kind, address: [filter?.address].flat()[0] })
      return id
    },
    eth_unsubscribe: ([id]) => subscribers.delete(id),
  }
  let lastId = 0

  server.on('connection', (socket) => {
    sockets++
    socket.on('message', (data) => {
      const { id, method, params = [] } = JSON.parse(data.toString())
      const answer = answers[method]
      const said = answer ? { result: answer(params, socket) } : { error: { code: -32601, message: 'unknown method' } }
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...said }))
    })
    socket.once('close', () => {
      for (const one of subscribers.values()) if (one.socket === socket) subscribers.delete(one.id)
    })
  })

  return {
    wsUrl: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sockets() {
      return sockets
    },
    get subscriptions() {
      return subscribers.size
    },
    push() {
      const block = blockAt(++height)
      const head = JSON.stringify(toRpcHead(block))
      const texts = textsByAddress(block)
      for (const { socket, id, kind, address } of subscribers.values()) {
        const results = kind === 'newHeads' ? [head] : (texts.get(address) ?? [])
        for (const result of results) socket.send(frameOf(id, result))
      }
      return new Promise<void>((resolve) => setImmediate(resolve))
    },
    close() {
      for (const socket of server.clients) socket.terminate()
      server.close()
    },
  }
}

function readsOf(blockAt: (number: number) => ChainBlock, headOf: () => number): Answers {
  const at = (number: number) => (number <= headOf() ? blockAt(number) : undefined)
  return {
    eth_chainId: () => '0x1',
    net_version: () => '1',
    eth_blockNumber: () => numberToHex(headOf()),
    eth_getBalance: () => '0x2a',
    eth_getBlockByNumber([number, hasBodies]) {
      const block = at(heightOf(number, headOf()))
      return block ? toRpcBlock(block, hasBodies) : null
    },
    eth_getBlockByHash([hash, hasBodies]) {
      const block = at(numberOf(hash))
      return block ? toRpcBlock(block, hasBodies) : null
    },
    eth_getLogs([{ fromBlock, toBlock, blockHash, ...match }]) {
      const first = blockHash ? numberOf(blockHash) : heightOf(fromBlock, headOf())
      const last = blockHash ? first : Math.min(heightOf(toBlock, headOf()), headOf())
      const blocks = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => blockAt(first + i))
      return blocks.flatMap(({ logs }) => logs.filter((log) => matchesLog(match, log)).map((log) => toRpcLog(log)))
    },
  }
}

function frameOf(id: string, result: string) {
  return `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${id}","result":${result}}}`
}

function textsByAddress({ logs }: ChainBlock): ReadonlyMap<string, readonly string[]> {
  const texts = new Map<string, string[]>()
  for (const log of logs) texts.set(log.address, [...(texts.get(log.address) ?? []), JSON.stringify(toRpcLog(log))])
  return texts
}

/** Makes the block of a number, and keeps the last ones. The chain's block time is 250 ms. */
function createBlocks(logsOf: (number: number) => readonly LogSpec[]) {
  const kept = new Map<number, ChainBlock>()
  return (number: number): ChainBlock => {
    const known = kept.get(number)
    if (known) return known
    const timestamp = startTime + Math.floor(number / 4)
    const place = { number, hash: hashAt(number), parentHash: hashAt(number - 1), timestamp }
    const block = buildBlock({ seed: 'replay', ...place, logs: logsOf(number), sent: [] })
    kept.set(number, block)
    if (kept.size > mostKept) kept.delete(kept.keys().next().value as number)
    return block
  }
}

/** A hash that contains the number of its block, so that the block can be found by it. */
function hashAt(number: number): `0x${string}` {
  return `${hashOf(`replay ${number}`).slice(0, 50)}${number.toString(16).padStart(16, '0')}` as `0x${string}`
}

const numberOf = (hash: string) => Number(`0x${hash.slice(50)}`)
