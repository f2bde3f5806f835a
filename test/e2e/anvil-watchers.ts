// Every way to watch a chain at once, over one client: what each of them was given, and what is wrong with it.

import type { Hash, Hex, Log, PublicClient } from 'viem'
import { formatLog, hexToBigInt } from 'viem'
import type { GivenHead, GivenLog } from '../support/stream-judge'
import { judgeHeads, judgeLogs } from '../support/stream-judge'
import type { Truth } from './anvil-chain'
import { contract } from './anvil-chain'
import { probeAbi } from './contracts'

export type HeadItem = GivenHead & { readonly raw: Record<string, unknown> }
export type LogsItem = {
  readonly number: bigint
  readonly hash: Hash
  readonly logs: readonly any[]
  readonly removed: boolean
  readonly gap?: unknown
}
/** What `failover()` has beside `subscribe`. */
export type Streams = {
  heads(options?: { signal?: AbortSignal }): AsyncIterable<HeadItem>
  logs(filter: object, options?: { fromBlock?: bigint; signal?: AbortSignal }): AsyncIterable<LogsItem>
}

export type GivenBlock = { readonly number: bigint; readonly hash: Hash; readonly transactions: readonly unknown[] }

/** What each watcher was given, in order. */
export type Given = {
  readonly numbers: bigint[]
  readonly blocks: (GivenBlock | undefined)[]
  readonly fullBlocks: (GivenBlock | undefined)[]
  readonly pending: Hash[]
  readonly errors: unknown[]
  /** By who gave them. */
  readonly heads: Record<string, GivenHead[]>
  readonly logs: Record<string, GivenLog[]>
}

export type Watchers = {
  readonly given: Given
  /** Resolves when every watcher has been given this head, which a log belongs to; after 20 s anyway, and from then on at once: the judge says so. */
  reached(head: GivenHead): Promise<void>
  /** What is wrong: empty if everything is as it is promised. */
  judge(truth: Truth): Record<string, unknown>
  stop(): Promise<void>
}

export type WatchersOptions = {
  /** `heads()` and `logs()`, which only `failover()` has. @default true */
  hasStreams?: boolean | undefined
}

/** Longer than any fault of a test lasts (in ms). */
const patience = 20_000

/** Starts all of them at once; first asks for the height, so that it is known from where on they watch. */
export async function startWatchers(
  client: PublicClient,
  { hasStreams = true }: WatchersOptions = {},
): Promise<Watchers> {
  const given: Given = { numbers: [], blocks: [], fullBlocks: [], pending: [], errors: [], heads: {}, logs: {} }
  const controller = new AbortController()
  const waiting = new Set<() => void>()
  let hasGivenUp = false
  const missed: string[] = []
  const changed = () => {
    for (const check of waiting) check()
  }
  const into =
    <item>(list: item[]) =>
    (...items: item[]) => {
      list.push(...items)
      changed()
    }
  const onError = into(given.errors)

  await client.getBlockNumber()
  const stops = [
    ...startViem(client, given, into, onError),
    ...(await Promise.all([subscribeHeads(client, given, into, onError), subscribeLogs(client, given, into, onError)])),
  ]
  const reading = hasStreams ? readStreams(client, given, into, controller.signal) : []

  const hasAll = ({ hash }: GivenHead) =>
    [...Object.values(given.heads), given.blocks, given.fullBlocks].every((list) =>
      list.some((one) => one?.hash === hash),
    ) &&
    // Numbers say nothing of branches: there are as many as heads.
    given.numbers.length > (given.heads.subscribe ?? []).map((one) => one.hash).lastIndexOf(hash) &&
    Object.values(given.logs).every((list) => list.some(({ blockHash }) => blockHash === hash))

  return {
    given,
    reached: (head) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          waiting.delete(check)
          resolve()
        }
        const check = () => (hasGivenUp || hasAll(head)) && done()
        const timer = setTimeout(() => {
          hasGivenUp = true
          missed.push(`head ${head.number} did not reach everybody`)
          changed()
        }, patience)
        waiting.add(check)
        check()
      }),
    judge: (truth) => ({ ...judgeAll(given, truth), ...(missed.length > 0 && { missed }) }),
    async stop() {
      for (const stop of stops) stop()
      controller.abort()
      await Promise.all(reading)
    },
  }
}

type Into = <item>(list: item[]) => (...items: item[]) => void

/** Each of viem's own. Their types ask for a transport that is known to subscribe. */
function startViem(client: any, given: Given, into: Into, onError: (error: unknown) => void): (() => void)[] {
  const [byEvent, byContract] = [logsBy(given, 'watchEvent'), logsBy(given, 'watchContractEvent')]
  const event = { address: contract, event: probeAbi[7] }
  const contractEvent = { abi: probeAbi, address: contract, eventName: 'Ping' }
  return [
    client.watchBlockNumber({ onBlockNumber: (number: bigint) => into(given.numbers)(number), onError }),
    client.watchBlocks({ onBlock: (block: GivenBlock) => into(given.blocks)(block), onError }),
    client.watchBlocks({
      includeTransactions: true,
      onBlock: (block: GivenBlock) => into(given.fullBlocks)(block),
      onError,
    }),
    client.watchBlockHeaders({
      onBlockHeader: (head: GivenHead) => into(headsBy(given, 'watchBlockHeaders'))(head),
      onError,
    }),
    client.watchEvent({ ...event, onLogs: (logs: GivenLog[]) => into(byEvent)(...logs), onError }),
    client.watchContractEvent({ ...contractEvent, onLogs: (logs: GivenLog[]) => into(byContract)(...logs), onError }),
    client.watchPendingTransactions({ onTransactions: (hashes: Hash[]) => into(given.pending)(...hashes), onError }),
  ]
}

async function subscribeHeads({ transport }: any, given: Given, into: Into, onError: (error: unknown) => void) {
  const list = headsBy(given, 'subscribe')
  const onData = ({ result }: any) => into(list)(headOf(result))
  return (await transport.subscribe({ params: ['newHeads'], onData, onError })).unsubscribe as () => void
}

async function subscribeLogs({ transport }: any, given: Given, into: Into, onError: (error: unknown) => void) {
  const list = logsBy(given, 'subscribe')
  const onData = ({ result }: any) => into(list)(logOf(result))
  const params = ['logs', { address: contract }]
  return (await transport.subscribe({ params, onData, onError })).unsubscribe as () => void
}

function readStreams({ transport }: any, given: Given, into: Into, signal: AbortSignal): Promise<void>[] {
  const { heads, logs } = transport as Streams
  const [ownHeads, ownLogs] = [headsBy(given, 'heads()'), logsBy(given, 'logs()')]
  async function readHeads() {
    for await (const { number, hash, parentHash } of heads({ signal })) into(ownHeads)({ number, hash, parentHash })
  }
  async function readLogs() {
    for await (const item of logs({ address: contract }, { signal })) into(ownLogs)(...item.logs.map(logOf))
  }
  // How an abort ends them is told in their own test.
  return [readHeads(), readLogs()].map((reading) =>
    reading.catch((error) => {
      if (!signal.aborted) given.errors.push(error)
    }),
  )
}

/** Empty where all is right, so that a failure shows what is wrong and nothing else. */
function judgeAll({ numbers, blocks, fullBlocks, pending, errors, heads, logs }: Given, truth: Truth) {
  const wrong: Record<string, readonly unknown[]> = { errors }
  for (const [name, list] of Object.entries(heads)) wrong[`heads of ${name}`] = judgeHeads(list, truth.heads)
  for (const [name, list] of Object.entries(logs)) wrong[`logs of ${name}`] = judgeLogs(list, truth.logs)
  wrong.blocks = judgeBlocks(blocks, truth)
  wrong.fullBlocks = judgeBlocks(fullBlocks, truth)
  wrong['hashes in fullBlocks'] = fullBlocks.flatMap((block) => block?.transactions ?? []).filter(isHash)
  const expected = heads.subscribe?.map(({ number }) => number) ?? []
  wrong.numbers = firstDifference(numbers, expected)
  for (const [name, list] of Object.entries({ blocks, fullBlocks })) {
    wrong[`order of ${name}`] = firstDifference(
      list.map((block) => block?.number),
      expected,
    )
  }
  wrong['pending, twice'] = pending.filter((hash, index) => pending.indexOf(hash) !== index)
  const told = Object.entries(wrong).map(([name, list]) => [name, firstOf(list)] as const)
  return Object.fromEntries(told.filter(([, list]) => list.length > 0))
}

/** viem reads them by number after each head, so that one may come twice at a reorg: what counts is the last one of each height. */
function judgeBlocks(blocks: readonly (GivenBlock | undefined)[], { heads }: Truth) {
  const missing = blocks.flatMap((block, index) => (block ? [] : [`#${index}: undefined`]))
  const last = new Map(blocks.map((block) => [block?.number, block?.hash]))
  const others = heads.filter(({ number, hash }) => last.get(number) !== hash)
  return [...missing, ...others.map(({ number, hash }) => `block ${number}: ${last.get(number)}, and not ${hash}`)]
}

function firstDifference(given: readonly (bigint | undefined)[], expected: readonly bigint[]) {
  const at = expected.findIndex((number, index) => given[index] !== number)
  if (at < 0 && given.length === expected.length) return []
  const index = at < 0 ? expected.length : at
  return [`#${index}: ${given[index]} in place of ${expected[index]}`]
}

/** The rest mostly follows from it. */
function firstOf(list: readonly unknown[]) {
  const shown = 4
  return list.length > shown ? [...list.slice(0, shown), `and ${list.length - shown} more`] : list
}

const isHash = (transaction: unknown) => typeof transaction === 'string'

function headsBy({ heads }: Given, name: string): GivenHead[] {
  heads[name] ??= []
  return heads[name]
}

function logsBy({ logs }: Given, name: string): GivenLog[] {
  logs[name] ??= []
  return logs[name]
}

export function headOf({ number, hash, parentHash }: { number: Hex; hash: Hash; parentHash: Hash }): GivenHead {
  return { number: hexToBigInt(number), hash, parentHash }
}

/** A log as nodes send it; its pings are told apart by `x`. */
export function logOf(raw: any): GivenLog & { x: number } {
  const log = formatLog(raw) as Log<bigint, number, false>
  return { ...log, x: Number(log.topics[1]) }
}
