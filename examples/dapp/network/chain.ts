// One chain in several real nodes: every block is made at each of them from the same transactions, so that it is the same
// block, hash for hash. What can go wrong on the way to a client is the proxies' affair.

import type { Address, Hash, Hex } from 'viem'
import { encodeFunctionData, erc20Abi, numberToHex, pad, parseEther } from 'viem'
import type { Anvil } from '../../../test/support/anvil'
import { startAnvil } from '../../../test/support/anvil'
import { askNode } from '../../nodes'
import { balanceSlot, token, tokenCode } from './token'

export type Transfer = { readonly from: Address; readonly to: Address; readonly amount: bigint }

/** What the chain really holds, in order. A log is named `<hash of its block>:<its index>`. */
export type Truth = { readonly heads: readonly Hash[]; readonly logs: readonly string[] }

export type Chain = {
  readonly nodes: readonly Anvil[]
  /** Each signs for its own, and has ether and tokens. */
  readonly accounts: readonly Address[]
  /** One block at every node, with these transfers of the token; its number. */
  mine(...transfers: readonly Transfer[]): Promise<number>
  /** Of the blocks after a number. */
  truth(after: number): Promise<Truth>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type RpcBlock = { number: Hex; hash: Hash }
type RpcLog = { blockHash: Hash; logIndex: Hex }

const gas = numberToHex(100_000)
const gasPrice = numberToHex(2_000_000_000)

export async function startChain(count: number): Promise<Chain> {
  const startedAt = Math.floor(Date.now() / 1_000)
  const args = ['--no-mining', '--timestamp', `${startedAt}`]
  const nodes = await Promise.all(Array.from({ length: count }, () => startAnvil({ args })))
  const [first] = nodes as [Anvil]
  const accounts = await askNode<Address[]>(first.url, 'eth_accounts')
  await Promise.all(nodes.map(({ url }) => prepare(url, accounts)))
  const ask = <result>(method: string, ...params: unknown[]) => askNode<result>(first.url, method, params)
  let last = startedAt
  let mining: Promise<unknown> = Promise.resolve()

  async function mineAt(url: string, transfers: readonly Transfer[], timestamp: number) {
    for (const transfer of transfers) await askNode(url, 'eth_sendTransaction', [transactionOf(transfer)])
    await askNode(url, 'evm_mine', [{ timestamp }])
  }

  async function mineNext(transfers: readonly Transfer[]) {
    last = Math.max(last + 1, Math.floor(Date.now() / 1_000))
    await Promise.all(nodes.map(({ url }) => mineAt(url, transfers, last)))
    return Number(await ask<Hex>('eth_blockNumber'))
  }

  async function close() {
    await mining.catch(() => {}) // whoever asked for the block was told
    await Promise.all(nodes.map((node) => node.close()))
  }

  return {
    nodes,
    accounts,
    mine(...transfers) {
      const next = mining.then(() => mineNext(transfers))
      mining = next
      return next
    },
    async truth(after) {
      const height = Number(await ask<Hex>('eth_blockNumber'))
      const numbers = Array.from({ length: height - after }, (_, index) => numberToHex(after + 1 + index))
      const blocks = numbers.map((number) => ask<RpcBlock>('eth_getBlockByNumber', number, false))
      const filter = { address: token, fromBlock: numberToHex(after + 1), toBlock: 'latest' }
      const logs = height > after ? await ask<RpcLog[]>('eth_getLogs', filter) : []
      return {
        heads: (await Promise.all(blocks)).map(({ hash }) => hash),
        logs: logs.map(({ blockHash, logIndex }) => `${blockHash}:${Number(logIndex)}`),
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function prepare(url: string, accounts: readonly Address[]) {
  await askNode(url, 'anvil_setCode', [token, tokenCode])
  const rich = pad(numberToHex(parseEther('100000')))
  for (const account of accounts) await askNode(url, 'anvil_setStorageAt', [token, balanceSlot(account), rich])
}

/** Gas and its price are given: nodes would estimate them, each for itself. */
function transactionOf({ from, to, amount }: Transfer) {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] })
  return { from, to: token, gas, gasPrice, data }
}
