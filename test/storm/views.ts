// Records which head each provider showed when, and tells what an honest node with exactly that head would have answered to
// any request.

import type { Hash } from 'viem'
import type { Chain } from '../support/chain'
import type { ChainBlock, ChainLog, LogMatch } from '../support/chain-block'
import { matchesLog } from '../support/chain-block'
import { RpcFault, toRpcLog } from '../support/chain-rpc'
import { createNode } from '../support/node'
import { refuse } from './reverts'

export type View = { readonly provider: number; readonly from: number; to: number; readonly head: ChainBlock }

export type Views = {
  /** From now on the provider shows this block as its head. */
  note(provider: number, head: ChainBlock): void
  /** The heads that providers showed at some moment from `from` to `to` (in ms). */
  between(from: number, to: number): readonly View[]
}

export function createViews(now: () => number): Views {
  const views: View[] = []
  const last = new Map<number, View>()
  return {
    note(provider, head) {
      const before = last.get(provider)
      if (before?.head === head) return
      if (before) before.to = now()
      const view = { provider, from: now(), to: Infinity, head }
      last.set(provider, view)
      views.push(view)
    },
    between: (from, to) => views.filter((view) => view.from <= to && view.to >= from),
  }
}

export type Oracle = {
  /** The answer of a node with this head; `undefined` if the node would have refused. */
  answer(head: ChainBlock, method: string, params: readonly unknown[]): { value: unknown } | undefined
  /** The block with this number on the branch of a head. */
  at(head: ChainBlock, number: number): ChainBlock | undefined
  logs(head: ChainBlock, match: LogMatch, from: number, to: number): unknown[]
}

/** An oracle over a chain. @param base the last block that is the same on all branches */
export function createOracle(chain: Chain, base: number): Oracle {
  const tails = new Map<Hash, Map<number, ChainBlock>>()
  const nodes = new Map<Hash, ReturnType<typeof createNode>>()
  // The chain knows blocks by hash only after they were looked at by number.
  for (let number = base; number <= chain.head.number; number++) chain.block(number)

  function tailOf(head: ChainBlock) {
    const known = tails.get(head.hash)
    if (known) return known
    const tail = new Map<number, ChainBlock>()
    for (let block: ChainBlock | undefined = head; block && block.number > base; block = chain.block(block.parentHash))
      tail.set(block.number, block)
    tails.set(head.hash, tail)
    return tail
  }

  function at(head: ChainBlock, number: number) {
    if (number > head.number) return undefined
    return number > base ? tailOf(head).get(number) : chain.block(number)
  }

  function found(head: ChainBlock, match: LogMatch, from: number, to: number): ChainLog[] {
    const logs = chain.getLogs({ ...match, fromBlock: from, toBlock: Math.min(to, base) })
    for (let number = Math.max(from, base + 1); number <= Math.min(to, head.number); number++)
      logs.push(...(at(head, number)?.logs.filter((log) => matchesLog(match, log)) ?? []))
    return logs
  }

  function nodeOf(head: ChainBlock) {
    const known = nodes.get(head.hash)
    if (known) return known
    const pinned: Chain = {
      ...chain,
      head,
      reorgs: [],
      block: (id) => (typeof id === 'number' ? at(head, id) : chain.block(id)),
      blockOf: (hash) =>
        [...tailOf(head).values()].find(({ transactions }) => transactions.some((one) => one.hash === hash)) ??
        oldHolder(hash),
      getLogs: ({ fromBlock, toBlock, ...match }) => found(head, match, Math.max(0, fromBlock), toBlock),
    }
    const node = createNode({ chain: pinned, headOf: () => head.number, onPending() {} })
    nodes.set(head.hash, node)
    return node
  }

  /** The block with a transaction, if it is an old block that all providers have. */
  function oldHolder(hash: Hash) {
    const block = chain.blockOf(hash)
    return block && block.number <= base ? block : undefined
  }

  return {
    answer(head, method, params) {
      try {
        const value = nodeOf(head).answer(method, params, { head: head.number, chainId: 1 })
        refuse(method, params)
        return { value }
      } catch (error) {
        if (error instanceof RpcFault) return undefined
        throw error
      }
    },
    at,
    logs: (head, match, from, to) => found(head, match, from, to).map((log) => toRpcLog(log)),
  }
}
