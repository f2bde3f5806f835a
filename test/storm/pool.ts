// The transaction pool of one node of a storm. It takes any bytes, and refuses those it has as geth does. It answers at once.

import type { Hex } from 'viem'
import { keccak256, zeroAddress } from 'viem'
import type { Chain } from '../support/chain'
import { RpcFault, toRpcTransaction } from '../support/chain-rpc'

export type Pool = {
  send(raw: Hex): Hex
  /** A pending transaction, as a node prints it. */
  find(hash: Hex): unknown
}

export function createPool(chain: Chain): Pool {
  const waiting = new Map<Hex, ReturnType<typeof toRpcTransaction>>()

  return {
    send(raw) {
      const hash = keccak256(raw)
      if (chain.blockOf(hash)) throw new RpcFault(-32000, 'nonce too low')
      if (waiting.has(hash)) throw new RpcFault(-32000, 'already known')
      const transaction = { hash, raw, from: zeroAddress, to: zeroAddress, nonce: 0 }
      waiting.set(hash, toRpcTransaction(transaction))
      chain.submit(transaction)
      return hash
    },
    find: (hash) => waiting.get(hash) ?? null,
  }
}
