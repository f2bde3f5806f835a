// A token's transfers: what happened lately, and then live, without a seam between them. Each once, in order, across failovers;
// what a reorg takes back disappears.

import { useEffect, useState } from 'react'
import type { Address, RpcLog } from 'viem'
import { decodeEventLog, erc20Abi, toEventSelector } from 'viem'
import { getBlockNumber } from 'viem/actions'
import { useClient } from 'wagmi'

export type Transfer = {
  readonly id: string
  readonly block: number
  readonly hash: string
  readonly from: Address
  readonly to: Address
  readonly amount: bigint
}

const topic = toEventSelector('event Transfer(address indexed from, address indexed to, uint256 value)')
const pastBlocks = 200n
const mostKept = 100

/** The newest first. */
export function useTransfers(token: Address): readonly Transfer[] {
  const client = useClient()
  const [transfers, setTransfers] = useState<readonly Transfer[]>([])

  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    setTransfers([])
    async function follow() {
      await client.transport.ready({ signal })
      const height = await getBlockNumber(client)
      const fromBlock = height > pastBlocks ? height - pastBlocks : 0n
      const stream = client.transport.logs({ address: token, topics: [topic] }, { fromBlock, signal })
      for await (const { logs, removed } of stream) {
        const changed = logs.map(toTransfer)
        setTransfers((known) =>
          removed ? without(known, changed) : [...changed.reverse(), ...known].slice(0, mostKept),
        )
      }
    }
    follow().catch((error) => {
      if (!signal.aborted) console.error(error)
    })
    return () => controller.abort()
  }, [client, token])

  return transfers
}

function toTransfer({ blockHash, blockNumber, logIndex, transactionHash, topics, data }: RpcLog): Transfer {
  const { args } = decodeEventLog({ abi: erc20Abi, eventName: 'Transfer', topics: topics as [], data })
  return {
    id: `${blockHash}:${Number(logIndex)}`,
    block: Number(blockNumber),
    hash: transactionHash as string,
    from: args.from,
    to: args.to,
    amount: args.value,
  }
}

function without(known: readonly Transfer[], gone: readonly Transfer[]) {
  return known.filter(({ id }) => !gone.some((other) => other.id === id))
}
