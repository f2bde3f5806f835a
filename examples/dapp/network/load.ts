// What other people do on the chain: a block about every second, with some transfers. Chance only; knows no clients.

import type { Address } from 'viem'
import { parseEther } from 'viem'
import type { Chain, Transfer } from './chain'

const blockEvery = 1_000
const mostTransfers = 3

/** Mines until the off-function is called; that resolves when the last block is made. */
export function startLoad({ mine, accounts }: Chain): () => Promise<void> {
  let isStopped = false
  const running = (async () => {
    while (!isStopped) {
      const count = Math.floor(Math.random() * (mostTransfers + 1))
      await mine(...Array.from({ length: count }, () => randomTransfer(accounts)))
      await new Promise((resolve) => setTimeout(resolve, blockEvery))
    }
  })()
  return () => {
    isStopped = true
    return running
  }
}

function randomTransfer(accounts: readonly Address[]): Transfer {
  const amount = parseEther((Math.random() * 250).toFixed(2))
  return { from: pick(accounts), to: pick(accounts), amount }
}

function pick(accounts: readonly Address[]): Address {
  return accounts[Math.floor(Math.random() * accounts.length)] as Address
}
