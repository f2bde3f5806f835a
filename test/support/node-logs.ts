// `eth_getLogs` of a simulated node: answers truly up to its head, and refuses above its limits in the words of a vendor.

import { numberToHex } from 'viem'
import type { Chain } from './chain'
import type { ChainLog, LogMatch } from './chain-block'
import { matchesLog } from './chain-block'
import { heightOf, RpcFault } from './chain-rpc'

export type LogLimits = {
  /** Most blocks of one range, both ends counted. */
  readonly maxBlockRange?: number | undefined
  readonly maxResults?: number | undefined
  readonly maxAddresses?: number | undefined
  /** Whose words a refusal has. `'vague'` names no number, `'quicknode'` a number but no range. @default 'publicnode' */
  readonly wording?: LogWording | ((breach: LogBreach) => RpcFault) | undefined
}

export type LogWording = 'alchemy' | 'infura' | 'publicnode' | 'quicknode' | 'vague'

export type LogBreach = {
  readonly limit: 'range' | 'results' | 'addresses'
  readonly max: number
  /** The number of blocks that was asked for. */
  readonly range: number
  /** A range that would have been answered: `[0x.., 0x..]`. */
  readonly fitting: string
}

export type LogFilter = LogMatch & { fromBlock?: unknown; toBlock?: unknown; blockHash?: `0x${string}` | undefined }

export function findLogs(chain: Chain, filter: LogFilter, head: number, limits: LogLimits = {}): ChainLog[] {
  const addresses = Array.isArray(filter.address) ? filter.address.length : 1
  if (filter.blockHash) {
    const block = chain.block(filter.blockHash)
    if (!block || block.number > head) throw new RpcFault(-32000, 'unknown block')
    return block.logs.filter((log) => matchesLog(filter, log))
  }
  const fromBlock = heightOf(filter.fromBlock, head)
  const toBlock = heightOf(filter.toBlock, head)
  if (fromBlock > toBlock) throw new RpcFault(-32602, 'invalid block range params')

  const { maxAddresses = Infinity, maxBlockRange = Infinity, maxResults = Infinity } = limits
  const range = toBlock - fromBlock + 1
  const refuse = (limit: LogBreach['limit'], max: number, fits: number) => {
    const fitting = `[${numberToHex(fromBlock)}, ${numberToHex(fromBlock + Math.max(1, fits) - 1)}]`
    return refusal({ limit, max, range, fitting }, limits.wording ?? 'publicnode')
  }
  if (addresses > maxAddresses) throw refuse('addresses', maxAddresses, range)
  if (range > maxBlockRange) throw refuse('range', maxBlockRange, maxBlockRange)
  const { address, topics } = filter
  const logs = chain.getLogs({ address, topics, fromBlock, toBlock: Math.min(toBlock, head) })
  const tooMany = logs[maxResults]
  if (tooMany) throw refuse('results', maxResults, tooMany.blockNumber - fromBlock)
  return logs
}

function refusal(breach: LogBreach, wording: NonNullable<LogLimits['wording']>): RpcFault {
  if (typeof wording === 'function') return wording(breach)
  return wordings[wording][breach.limit]?.(breach) ?? (wordings.publicnode[breach.limit] as Wording)(breach)
}

type Wording = (breach: LogBreach) => RpcFault

/** The vendors' own words. A vendor without words for a limit gets publicnode's. */
const wordings: Record<LogWording, Partial<Record<LogBreach['limit'], Wording>>> = {
  alchemy: {
    range: ({ max, fitting }) =>
      new RpcFault(
        -32600,
        `You can make eth_getLogs requests with up to a ${max} block range. Based on your parameters, this block range should work: ${fitting}`,
      ),
    results: ({ max, fitting }) =>
      new RpcFault(
        -32602,
        `Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the response size, or you can request any block range with a cap of ${max} logs in the response. Based on your parameters and the response size limit, this block range should work: ${fitting}`,
      ),
  },
  infura: {
    range: ({ range, max }) => new RpcFault(-32602, `range ${range} exceeds limit of ${max}`),
    results: ({ max, fitting }) =>
      new RpcFault(-32005, `query returned more than ${max} results. Try with this block range ${fitting}.`),
  },
  publicnode: {
    range: ({ max }) => new RpcFault(-32701, `exceed maximum block range: ${max}`),
    results: ({ max }) => new RpcFault(-32005, `query returned more than ${max} results`),
    addresses: () => new RpcFault(-32701, 'please specify less number of address in the getLogs query'),
  },
  quicknode: {
    range: ({ max }) => new RpcFault(-32614, `eth_getLogs is limited to a ${max.toLocaleString('en')} range`),
  },
  vague: {
    range: () => new RpcFault(-32600, 'block range too high'),
    results: () => new RpcFault(-32000, 'too many logs returned'),
  },
}
