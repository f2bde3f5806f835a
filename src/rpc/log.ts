// Reads logs as nodes send them, sorts them and groups them by block. Pure; `undefined` for what is no log of a mined block.

import type { Hex, RpcLog } from 'viem'
import { heightOf } from './block'
import type { LogMatch } from './bloom'
import { isHash } from './header'

export type Log = RpcLog & { readonly blockNumber: Hex; readonly blockHash: Hex; readonly logIndex: Hex }

/** More logs than one transaction can have under any gas limit. */
const MOST_LOGS = 2 ** 20

/** The fields that tell the place of a log in its block. */
type Place = { readonly transactionIndex?: unknown; readonly logIndex?: unknown }

/** A block that has logs of one filter, with these logs. */
export type LoggedBlock = { readonly number: number; readonly hash: string; readonly logs: Log[] }

export function toLog(raw: unknown): Log | undefined {
  const { blockNumber, blockHash, logIndex } = (raw ?? {}) as Partial<Log>
  const isWhole = heightOf(blockNumber) !== undefined && isHash(blockHash) && heightOf(logIndex) !== undefined
  return isWhole ? (raw as Log) : undefined
}

/** A test that tells whether a log matches the filter. */
export function logTestOf({ address, topics = [] }: LogMatch): (log: Log) => boolean {
  const parts = [address ?? [], ...topics].map(
    (part) => new Set([part ?? []].flat().map((value) => value.toLowerCase())),
  )
  return (log) =>
    Array.isArray(log.topics) &&
    [log.address, ...log.topics].every((value) => typeof value === 'string') &&
    parts.every((wanted, index) => {
      const value = index === 0 ? log.address : log.topics[index - 1]
      return wanted.size === 0 || wanted.has(`${value}`.toLowerCase())
    })
}

/** An answer as a list of logs; `undefined` if it is no list, or holds anything else. */
export function toLogs(raw: unknown): Log[] | undefined {
  return Array.isArray(raw) && raw.every(toLog) ? raw : undefined
}

/** Groups logs by block hash, the lowest block first. */
export function byBlock(logs: readonly Log[]): LoggedBlock[] {
  const blocks = new Map<string, Log[]>()
  for (const log of logs) {
    const own = blocks.get(log.blockHash)
    if (own) own.push(log)
    else blocks.set(log.blockHash, [log])
  }
  return [...blocks]
    .map(([hash, own]) => ({ hash, number: heightOf(own[0]?.blockNumber) as number, logs: inOrder(own) }))
    .sort((a, b) => a.number - b.number)
}

/** Sorts the logs of one block by log index and removes repeated ones. */
export function inOrder(logs: readonly Log[]): Log[] {
  const unique = new Map(logs.map((log) => [keyOf(log), log]))
  return [...unique.values()].sort((a, b) => indexOf(a) - indexOf(b))
}

/** What tells a log from all others of its block: of one log, some nodes give another `transactionIndex` each time. */
export function keyOf({ transactionHash, logIndex }: Log): string {
  return `${transactionHash} ${Number(logIndex)}`
}

/** The place of a log in its block as one number. It counts the transaction too: some nodes number the logs of each from 0. */
export function indexOf({ transactionIndex, logIndex }: Place): number {
  return (heightOf(transactionIndex) ?? 0) * MOST_LOGS + (heightOf(logIndex) as number)
}
