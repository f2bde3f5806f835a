// A real node whose blocks the test makes, and the truth of its chain, asked past every proxy.
// Two of them that are given the same make the same blocks, hash for hash.

import type { Hash, Hex } from 'viem'
import { encodeFunctionData, formatLog, hexToBigInt, numberToHex } from 'viem'
import type { Anvil } from '../support/anvil'
import { startAnvil } from '../support/anvil'
import type { GivenHead, GivenLog } from '../support/stream-judge'
import { probeAbi, probeCode } from './contracts'

/** Emits `Ping(x)` for each ping. */
export const contract = '0x00000000000000000000000000000000000c0de0'
/** The first of anvil's own accounts: it signs for it. */
const sender = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'

export type Truth = { readonly heads: readonly GivenHead[]; readonly logs: readonly GivenLog[] }

export type ChainNode = {
  readonly anvil: Anvil
  readonly url: string
  rpc<result = unknown>(method: string, params?: readonly unknown[]): Promise<result>
  height(): Promise<bigint>
  /** Puts pings into the pool; their hashes. */
  ping(...xs: readonly number[]): Promise<Hash[]>
  /** One block with a ping for each x; its head. */
  mine(...xs: readonly number[]): Promise<GivenHead>
  /** The newest blocks are replaced by these, each with its pings; the new head. The node sends no `removed` logs. */
  reorg(...blocks: readonly (readonly number[])[]): Promise<GivenHead>
  /** The canonical blocks and pings after a height. */
  truth(after?: bigint): Promise<Truth>
}

type RpcBlock = { number: Hex; hash: Hash; parentHash: Hash }

/** @param port the one it had, to bring a node back from nothing */
export async function startChainNode(port = 0): Promise<ChainNode> {
  const anvil = await startAnvil({ port, args: ['--no-mining', '--timestamp', '1700000000'] })
  let lastId = 0

  async function rpc<result>(method: string, params: readonly unknown[] = []): Promise<result> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++lastId, method, params })
    const response = await fetch(anvil.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const answer = (await response.json()) as { result: result; error?: { message: string } }
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`)
    return answer.result
  }

  async function headAt(tag: Hex | 'latest'): Promise<GivenHead> {
    const { number, hash, parentHash } = await rpc<RpcBlock>('eth_getBlockByNumber', [tag, false])
    return { number: hexToBigInt(number), hash, parentHash }
  }

  async function ping(...xs: readonly number[]) {
    const hashes: Hash[] = []
    for (const x of xs) hashes.push(await rpc<Hash>('eth_sendTransaction', [pingOf(x)]))
    return hashes
  }

  await rpc('anvil_setCode', [contract, probeCode])
  await rpc('anvil_setBlockTimestampInterval', [1])
  return {
    anvil,
    url: anvil.url,
    rpc,
    height: async () => hexToBigInt(await rpc<Hex>('eth_blockNumber')),
    ping,
    async mine(...xs) {
      await ping(...xs)
      await rpc('evm_mine')
      return headAt('latest')
    },
    async reorg(...blocks) {
      const pings = blocks.flatMap((xs, index) => xs.map((x) => [pingOf(x), index]))
      await rpc('anvil_reorg', [blocks.length, pings])
      return headAt('latest')
    },
    async truth(after = 0n) {
      const heads: GivenHead[] = []
      for (let head = await headAt('latest'); head.number > after; head = await headAt(numberToHex(head.number - 1n))) {
        heads.unshift(head)
      }
      const filter = { address: contract, fromBlock: numberToHex(after + 1n), toBlock: 'latest' }
      const logs = heads.length > 0 ? await rpc<any[]>('eth_getLogs', [filter]) : []
      return { heads, logs: logs.map((log) => formatLog(log) as GivenLog) }
    },
  }
}

/** Gas is given: two nodes, or a pool that is not empty, would estimate differently. */
function pingOf(x: number) {
  const data = encodeFunctionData({ abi: probeAbi, functionName: 'ping', args: [BigInt(x)] })
  return { from: sender, to: contract, gas: numberToHex(100_000), data }
}
