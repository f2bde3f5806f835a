// Fetches what a stream has missed, through the request pipeline: blocks by hash and by number, logs of blocks and of
// ranges. Says who answered. An answer that does not fit the question is an error.

import { numberToHex } from 'viem'
import { field } from '../base/fields'
import type { AttemptSummary } from '../errors'
import type { LogMatch } from '../rpc/bloom'
import type { Log } from '../rpc/log'
import { toLogs } from '../rpc/log'
import type { Ask, AskOptions, Purpose } from './asking'
import type { Block } from './block'
import { toBlock } from './block'

export type LogRange = {
  readonly from: number
  readonly to: number
  /** The hash of the last block, if known: whoever answers must have that block. */
  readonly hash?: string | undefined
  /** Id of a provider whose chain ends at `to` or later. */
  readonly provider: string
}

export type Backfill = {
  /** The newest block of `provider`, or of whoever answers; `undefined` if it cannot be had now. */
  latest(provider?: string | undefined, channel?: 'ws' | undefined): Promise<Block | undefined>
  /** Whether the provider says that it has a block of this height. */
  hasReached(height: () => number, provider: string): Promise<boolean>
  byHash(hash: string, provider: string): Promise<Block>
  /** The canonical blocks of the range that could be had; those that could not are missing. */
  inRange(from: number, to: number, provider: string): Promise<Block[]>
  byNumber(number: number, provider: string | undefined): Promise<Block>
  /**
   * All logs of one block. They are read by its hash, or by its number once a provider has refused a hash.
   * @param givers gets the id of the provider that answers
   * @param exclude ids of providers that are not asked
   */
  logsOf(
    block: Pick<Block, 'number' | 'hash' | 'provider'>,
    filter: LogMatch,
    purpose: Purpose,
    givers?: string[],
    exclude?: readonly string[],
  ): Promise<Log[]>
  /** All logs of a range, from a provider that has it whole. */
  logsIn(range: LogRange, filter: LogMatch, purpose: Purpose, givers?: string[]): Promise<Log[]>
  /** The provider lacks logs of blocks that have some: it is not asked for logs for a while. */
  noteBlind(provider: string): void
  /** From now on heads that are filled in have the fields of this one, which was pushed. Only the first call counts. */
  learnShape(raw: object): void
}

const LOGS = 'eth_getLogs'
/** Most blocks asked for at a time. */
const AT_A_TIME = 16
/** The timeout of each request (in ms): a part that takes longer is asked for again. */
const LIMIT = 10_000
/** Failed tries of a range after which somebody else is asked; the next failure ends it for now. */
const MOST_TRIES = 4
/** Kinds of failure which say that a node may not know the parameter `blockHash` of `eth_getLogs`. */
const NO_HASHES: readonly unknown[] = ['invalid-params', 'invalid-request', 'unsupported-method']
/** A provider that lacks logs is left out of this many reads of logs. */
const BLIND_FOR = 1_000

export function createBackfill(ask: Ask): Backfill {
  let shape: ReadonlySet<string> | undefined
  /** Ids of providers that may have lost blocks that they have shown. */
  const receded = new Set<string>()
  /** Ids of providers that lack logs, with the number of reads that they are still left out of. */
  const blind = new Map<string, number>()
  /** Ids of providers of whose blocks no logs are asked for by hash, as that was refused. */
  const hashless = new Set<string>()

  /** @param most the most attempts that an answer may have taken: a later one may be of a block that came only meanwhile */
  async function block(method: string, id: string, options: AskOptions, most = Infinity): Promise<Block> {
    const { value, provider, attempts } = await ask({ method, params: [id, false] }, { timeout: LIMIT, ...options })
    return (attempts <= most && toBlock(value, provider, shape)) || refuse(provider)
  }

  const numbered = (number: number, options: AskOptions, most?: number) =>
    block('eth_getBlockByNumber', numberToHex(number), options, most)

  async function byHash(hash: string, provider: string) {
    const found = await block('eth_getBlockByHash', hash, { purpose: 'backfill', provider })
    return found.hash === hash ? found : refuse(found.provider)
  }

  const byNumber = (number: number, provider: string | undefined) => numbered(number, { purpose: 'backfill', provider })

  async function inRange(from: number, to: number, provider: string) {
    const found: Block[] = []
    for (let first = from; first <= to; first += AT_A_TIME) {
      const numbers = Array.from({ length: Math.min(AT_A_TIME, to - first + 1) }, (_, index) => first + index)
      const part = await Promise.allSettled(numbers.map((number) => byNumber(number, provider)))
      found.push(...part.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
    }
    return found
  }

  /** Ids of the providers that this read leaves out. Counts the read for each of them. */
  function leftOut(): string[] {
    const all = [...blind]
    for (const [provider, times] of all) times > 1 ? blind.set(provider, times - 1) : blind.delete(provider)
    return all.map(([provider]) => provider)
  }

  /** If nobody else has answered, those left out are asked again from now on: one of them may have logs by now. */
  function relent(error: unknown): never {
    if (!isAnswer(error) || field(error, 'name') === 'NoProviderError') blind.clear()
    throw error
  }

  async function logs(filter: object, options: AskOptions, givers?: string[]) {
    const { value, provider } = await ask({ method: LOGS, params: [filter] }, { timeout: LIMIT, ...options })
    givers?.push(provider)
    return toLogs(value) ?? refuse(provider)
  }

  async function logsOf(
    { number, hash, provider }: Pick<Block, 'number' | 'hash' | 'provider'>,
    filter: LogMatch,
    purpose: Purpose,
    givers?: string[],
    exclude = leftOut(),
  ) {
    const options = { purpose, exclude, ...(!exclude.includes(provider) && { provider }) }
    const range = { from: number, to: number, hash, provider }
    const read = () =>
      hashless.has(provider)
        ? logsIn(range, filter, purpose, givers, exclude)
        : logs({ ...filter, blockHash: hash }, options, givers)
    const found = await read().catch((error) => {
      const isRefused = attemptsOf(error)?.some(({ kind }) => NO_HASHES.includes(kind))
      if (!isRefused || hashless.has(provider)) relent(error)
      hashless.add(provider)
      return read()
    })
    return found.every(({ blockHash }) => blockHash === hash) ? found : refuse(provider)
  }

  /** Past its head a node answers that there are no logs: so a provider must be known to have the end of the range. */
  async function logsIn(
    { from, to, hash, provider }: LogRange,
    filter: LogMatch,
    purpose: Purpose,
    givers?: string[],
    given: readonly string[] = leftOut(),
  ) {
    const range = { ...filter, fromBlock: numberToHex(from), toBlock: numberToHex(to) }
    const exclude = [...given]
    let failure: unknown
    for (let tries = 0; ; tries++) {
      // The provider that has given the last block was on its branch then; any other has to show its own last block.
      const before = !exclude.includes(provider)
        ? { provider, hash }
        : await numbered(to, { purpose: 'backfill', exclude, serving: LOGS }).catch((error) => relent(failure ?? error))
      const asked = before.provider
      const options = { purpose, provider: asked, isPinned: true } as const
      const mustHaveEnd = async (most?: number) => {
        const end = await numbered(to, options, most)
        if (hash && end.hash !== hash) refuse(asked)
      }
      try {
        if (hash && before.hash !== hash) refuse(asked)
        if (receded.has(asked)) await mustHaveEnd()
        receded.delete(asked)
        const found = await logs(range, { ...options, isPatient: true }, givers)
        // If the provider still has the end, its logs are complete. After a wait it may have got the end only after the logs.
        if (hash) await mustHaveEnd(1)
        return found
      } catch (error) {
        if (tries >= MOST_TRIES) throw error
        failure = error
        receded.add(asked)
        exclude.push(asked)
      }
    }
  }

  function latest(provider?: string, channel?: 'ws') {
    const options = { purpose: 'heads', provider, isPinned: provider !== undefined, channel } as const
    return block('eth_getBlockByNumber', 'latest', options).catch(() => undefined) // the caller asks again, or does without
  }

  return {
    latest,
    async hasReached(height, provider) {
      const newest = await latest(provider)
      return newest !== undefined && newest.number >= height()
    },
    byHash,
    byNumber,
    inRange,
    logsOf,
    logsIn,
    noteBlind: (provider) => void blind.set(provider, BLIND_FOR),
    learnShape(raw) {
      shape ??= new Set(Object.keys(raw))
    },
  }
}

/** Whether it says that nobody has the block, not that nobody can be asked. */
export function isAnswer(error: unknown): boolean {
  return attemptsOf(error)?.some(({ kind }) => kind === 'block-not-available') ?? true
}

function attemptsOf(error: unknown) {
  return field(error, 'attempts') as readonly AttemptSummary[] | undefined
}

/** Users never see this error: the caller asks again. */
function refuse(provider: string): never {
  throw new Error(`${provider} did not give what was asked for.`)
}
