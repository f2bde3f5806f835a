// Scripted channels that answer from a model chain like nodes with limits on `eth_getLogs`, for tests on the manual clock.

import { numberToHex } from 'viem'
import type { Chain } from './chain'
import { createChain } from './chain'
import type { ChainLog, LogSpec } from './chain-block'
import { RpcFault, toRpcBlock, toRpcLog } from './chain-rpc'
import type { TestEngine, TestEngineOptions, TestProvider } from './engine'
import { createTestEngine } from './engine'
import { rpcError } from './errors'
import type { LogFilter, LogLimits } from './node-logs'
import { findLogs } from './node-logs'

export type LogNode = Partial<TestProvider> & {
  limits?: TestProvider['limits']
  /** The limits that the node enforces, and whose words its refusals have. */
  enforces?: LogLimits
  /** In place of a refusal, the node answers with this many first logs. */
  cutsShort?: number
  /** How long each answer takes (in ms of the clock). */
  after?: number
  /** How many blocks the node's head is behind that of the chain. */
  lag?: number
  /** Called before each answer. What it throws is the answer. */
  before?: (asked: Asked) => void
}

export type Asked = { provider: string; from: number; to: number; addresses: number; at: number }

export type LogWorld = TestEngine & {
  readonly chain: Chain
  /** All `eth_getLogs` that the providers got, in order. */
  readonly asked: readonly Asked[]
  /** The ranges that one provider was asked for, as `from-to`. */
  rangesOf(provider: string): string[]
  /** The answer of a node without limits. */
  truth(filter: LogFilter): unknown
}

export type LogWorldOptions = {
  nodes: readonly LogNode[]
  /** A height or logs make a chain of its own. @default a chain of 2_000 blocks that all tests share */
  height?: number
  logs?: (number: number) => readonly LogSpec[]
  options?: TestEngineOptions['options']
  random?: () => number
}

/** The chain that tests share, so that its blocks are made once. */
const shared = createChain({ height: 2_000 })

export function createLogWorld({ nodes, height, logs, options, random }: LogWorldOptions): LogWorld {
  const chain = height || logs ? createChain({ height: height ?? 2_000, ...(logs && { logs }) }) : shared
  const asked: Asked[] = []
  const providers = nodes.map(({ enforces: _, cutsShort: __, after: ___, lag: ____, before: _____, ...node }) => node)
  const t = createTestEngine({ providers, ...(options && { options }), ...(random && { random }) })
  for (const [index, node] of nodes.entries()) {
    const id = node.id ?? `p${index + 1}`
    const headOf = () => chain.head.number - (node.lag ?? 0)
    const channel = t.channel(id)
    const timing = node.after === undefined ? {} : { after: node.after }
    channel.on('eth_blockNumber').reply(() => numberToHex(headOf()), timing)
    channel.on('eth_getBlockByNumber').reply(({ params }: { params?: any }) => {
      const [tag] = params
      const number = tag === 'latest' ? headOf() : tag.startsWith('0x') ? Number(tag) : headOf() - 100
      const block = number <= headOf() ? chain.block(number) : undefined
      return block ? toRpcBlock(block, false) : null
    }, timing)
    channel.on('eth_getLogs').reply(({ params }: { params?: any }) => {
      const filter = params[0] as LogFilter
      const addresses = Array.isArray(filter.address) ? filter.address.length : filter.address ? 1 : 0
      const ask = {
        provider: id,
        from: Number(filter.fromBlock),
        to: Number(filter.toBlock),
        addresses,
        at: t.clock.now(),
      }
      asked.push(ask)
      node.before?.(ask)
      return answer(() => find(chain, filter, headOf(), node).map((log) => toRpcLog(log)))
    }, timing)
  }
  return {
    ...t,
    chain,
    asked,
    rangesOf: (id) => asked.filter(({ provider }) => provider === id).map(({ from, to }) => `${from}-${to}`),
    truth: (filter) => findLogs(chain, filter, chain.head.number).map((log) => toRpcLog(log)),
  }
}

function find(chain: Chain, filter: LogFilter, head: number, { enforces, cutsShort }: LogNode): ChainLog[] {
  return findLogs(chain, filter, head, enforces).slice(0, cutsShort)
}

/** Answers, and turns the refusal of a node into the error that a channel throws. */
function answer<value>(run: () => value): value {
  try {
    return run()
  } catch (error) {
    if (error instanceof RpcFault) throw rpcError(error.code, error.message, error.data)
    throw error
  }
}
