// An engine over scripted nodes, for the tests of whole streams. Each provider has a chain of its own (tree.ts), pushes what
// the test says, and answers what is asked over its http channel or its socket. Each block has two logs.

import type { Log } from '../../src/rpc/log'
import type { Block } from '../../src/subscription/block'
import type { RpcRequest } from '../../src/types'
import type { TestEngineOptions } from '../support/engine'
import { createTestEngine } from '../support/engine'
import { rpcError } from '../support/errors'
import { createManualClock } from '../support/manual-clock'
import { createScriptedChannel } from '../support/scripted-channel'
import type { ScriptedFeed } from '../support/scripted-feed'
import { createScriptedFeed } from '../support/scripted-feed'
import { logOf, nameOf } from './blocks'
import { createTree } from './tree'

/** Logs of each block. */
const LOGS = 2

/** The name of what a subscriber gets: `100` or `100/1` for a head, `100:0` for a log, `-100:0` for one that is taken back. */
function nameOfResult(result: any): string {
  if (typeof result !== 'object') return String(result)
  if (!('logIndex' in result)) return nameOf({ number: Number(result.number), hash: result.hash })
  const block = nameOf({ number: Number(result.blockNumber), hash: result.blockHash })
  return `${result.removed ? '-' : ''}${block}:${Number(result.logIndex)}`
}

export function logsOf({ number, hash }: Pick<Block, 'number' | 'hash'>): Log[] {
  const branch = Number(BigInt(hash) >> 64n) - 1
  return Array.from({ length: LOGS }, (_, index) => logOf(number, index, branch))
}

/** The names that remain given after all that were taken back. Throws if a name is given twice, or taken back without need. */
export function settle(seen: readonly string[]): Set<string> {
  const kept = new Set<string>()
  for (const entry of seen) {
    const name = entry.replace('-', '')
    if (entry.startsWith('-')) {
      if (!kept.delete(name)) throw new Error(`${name} was taken back, but never given.`)
    } else if (kept.has(name)) throw new Error(`${name} was given twice.`)
    else kept.add(name)
  }
  return kept
}

export type NodesOptions = Omit<TestEngineOptions, 'clock' | 'providers' | 'createChannel'> & {
  channels?: readonly ('http' | 'ws')[]
}

export function createNodes(count: number, { channels = ['http', 'ws'], ...more }: NodesOptions = {}) {
  const clock = createManualClock(1_000_000)
  const tree = createTree(clock)
  const made = createTestEngine({
    ...more,
    clock,
    providers: Array.from({ length: count }, () => ({ channels })),
    createChannel: (options) => (options.type === 'ws' ? createScriptedFeed(options) : createScriptedChannel(options)),
  })
  const ids = Array.from({ length: count }, (_, index) => `p${index + 1}`)
  const feed = (number: number) => made.channel(`p${number}`, 'ws') as ScriptedFeed
  /** For providers that do not follow the common chain (that of p1): the id whose chain they have. */
  const views = new Map<string, string>()
  const chainOf = (id: string) => tree.chain(views.get(id) ?? 'p1')

  for (const id of ids) heal(id)

  function heal(id: string, after?: number) {
    for (const type of channels) made.channel(id, type).reply((asked: RpcRequest) => answer(id, asked), { after })
  }

  function answer(id: string, { method, params }: RpcRequest): unknown {
    const chain = chainOf(id)
    const [first] = (params ?? []) as [any]
    if (method === 'eth_blockNumber') return chain.at(-1)?.raw.number
    if (method === 'eth_getBlockByHash') return chain.find(({ hash }) => hash === first)?.raw ?? null
    if (method === 'eth_getBlockByNumber')
      return (first === 'latest' ? chain.at(-1) : chain.find(({ number }) => number === Number(first)))?.raw ?? null
    if (method === 'eth_getLogs') {
      const { blockHash, fromBlock, toBlock } = first
      if (blockHash === undefined)
        return chain.filter(({ number }) => number >= Number(fromBlock) && number <= Number(toBlock)).flatMap(logsOf)
      const block = chain.find(({ hash }) => hash === blockHash)
      if (!block) throw rpcError(-32000, 'unknown block')
      return logsOf(block)
    }
    throw rpcError(-32601, 'the method does not exist')
  }

  function push(number: number, blocks: readonly Block[]) {
    for (const block of blocks) {
      feed(number).push(block.raw)
      for (const log of logsOf(block)) feed(number).push(log, 'logs')
    }
  }

  return {
    ...made,
    clock,
    tree,
    feed,
    push,
    answer,
    /** Adds blocks to the common chain. @param by numbers of the providers that push them */
    async mine(blocks: number, ...by: number[]) {
      const mined = tree.mine(blocks)
      for (const number of by) push(number, mined)
      await clock.settle()
      return mined
    },
    /** From now on a provider answers all that is asked of it. @param after how long each answer takes (in ms) */
    heal: (number: number, after?: number) => heal(`p${number}`, after),
    /** From now on a provider sees no new blocks: its chain stays as it is. */
    freeze(number: number) {
      tree.follow(`frozen-p${number}`, 'p1')
      views.set(`p${number}`, `frozen-p${number}`)
    },
    thaw: (number: number) => void views.delete(`p${number}`),
    /** Changes the state of a provider's socket. Unless it is open, the upstream subscriptions there end. */
    become(number: number, state: 'idle' | 'connecting' | 'open' | 'waiting' | 'closed') {
      const from = feed(number).socket()
      feed(number).become(state)
      made.engine.onSocket(`p${number}`, { from, to: state, attempt: 0 } as Parameters<typeof made.engine.onSocket>[1])
      if (state !== 'open') feed(number).drop()
    },
    subscribe(params: readonly unknown[] = ['newHeads'], onEvent: (name: string) => unknown = () => {}) {
      const seen: string[] = []
      const ids = new Set<unknown>()
      const errors: any[] = []
      const state = { id: undefined as string | undefined, error: undefined as any, unsubscribe: async () => {} }
      const done = made.engine.subscriptions
        .subscribe(
          made.face,
          {
            params,
            onData(data) {
              const { subscription, result } = data as { subscription: string; result: unknown }
              ids.add(subscription)
              seen.push(nameOfResult(result))
              return onEvent(seen.at(-1) as string)
            },
            onError: (error) => errors.push(error),
          },
          undefined,
        )
        .then(
          ({ subscriptionId, unsubscribe }) => {
            state.id = subscriptionId
            state.unsubscribe = async () => void (await unsubscribe())
          },
          (error) => {
            state.error = error
          },
        )
      return Object.assign(state, { seen, ids, errors, done })
    },
  }
}
