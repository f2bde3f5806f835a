// Transactions at a simulated node: those of its own pool (nodes do not gossip) and those that the shared chain has mined.

import type { Hash, Hex } from 'viem'
import { keccak256, parseTransaction, recoverTransactionAddress, zeroAddress } from 'viem'
import type { Chain } from './chain'
import type { ChainTransaction } from './chain-block'
import { heightOf, RpcFault, toRpcReceipt, toRpcTransaction } from './chain-rpc'

export type NodeTransactions = {
  /** Takes signed bytes, whether they can be parsed or not. Refuses those it has already, as geth does. */
  send(raw: Hex, head: number): Promise<Hash>
  find(hash: Hash, head: number): unknown
  receipt(hash: Hash, head: number): unknown
  /** The next nonce of a sender, after the transactions sent in this test. */
  count(from: string, block: unknown, head: number): number
}

export function createNodeTransactions(chain: Chain, onPending: (hash: Hash) => void): NodeTransactions {
  const pool = new Map<Hash, ChainTransaction>()

  function mined(hash: Hash, head: number) {
    const block = chain.blockOf(hash)
    const transaction = block?.transactions.find((one) => one.hash === hash)
    return block && transaction && block.number <= head ? { block, transaction } : undefined
  }

  return {
    async send(raw, head) {
      const hash = keccak256(raw)
      if (mined(hash, head)) throw new RpcFault(-32000, 'nonce too low')
      if (pool.has(hash)) throw new RpcFault(-32000, 'already known')
      const unread = { hash, raw, from: zeroAddress, to: zeroAddress, nonce: 0 }
      pool.set(hash, unread) // at once: a copy may come in the same turn
      const transaction = { ...unread, ...(await readSigned(raw)) }
      pool.set(hash, transaction)
      chain.submit(transaction)
      onPending(hash)
      return hash
    },
    find(hash, head) {
      const found = mined(hash, head)
      if (found) return toRpcTransaction(found.transaction, found.block)
      const pending = pool.get(hash)
      return pending ? toRpcTransaction(pending) : null
    },
    receipt(hash, head) {
      const found = mined(hash, head)
      return found ? toRpcReceipt(found.transaction, found.block) : null
    },
    count(from, block, head) {
      const height = heightOf(block, head)
      return chain.sent.filter((one) => {
        if (one.from.toLowerCase() !== from.toLowerCase()) return false
        return mined(one.hash, height) !== undefined || (block === 'pending' && pool.has(one.hash))
      }).length
    },
  }
}

async function readSigned(raw: Hex) {
  try {
    const { nonce = 0, to } = parseTransaction(raw)
    const from = await recoverTransactionAddress({ serializedTransaction: raw as never })
    return { from, nonce, ...(to ? { to } : {}) }
  } catch {
    return {} // bytes of a test's own making
  }
}
