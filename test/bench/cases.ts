// The cases of the bench: how three providers behave, how they are asked, and the limits for `failover`. Runs one client
// through one case.

import type { FailoverOptions } from '../../src/index'
import { createChain } from '../support/chain'
import { transfersOf } from '../support/chain-block'
import { createFleet } from '../support/fleet'
import type { Behaviour, BehaviourScript } from '../support/provider-behaviour'
import type { Measured } from './measure'
import { collectGarbage, measure, percentile } from './measure'
import type { PeerMaker, Question } from './peers'
import { isOfLogs, methodOf, ranges } from './peers'

export type Case = {
  readonly name: string
  /** How each provider behaves from the start. @default three that answer after 5 ms */
  readonly providers?: readonly BehaviourScript[] | undefined
  /** How the first provider behaves once the warm-up is over. @default as before */
  readonly fault?: Behaviour | undefined
  /** How long the first provider refuses connections once the warm-up is over (in ms). @default 0 */
  readonly outage?: number | undefined
  /** Number of calls. @default 300 */
  readonly calls?: number | undefined
  /** Number of callers, each with one call in flight. @default 6 */
  readonly concurrency?: number | undefined
  /** What is asked. @default 'balance' */
  readonly question?: Question | undefined
  /** Time between two blocks (in ms). @default no block comes */
  readonly blockTime?: number | undefined
  /** The providers take turns at being this many blocks behind; each turn lasts one block. */
  readonly alternating?: number | undefined
  /** Each caller pauses this long after an answer (in ms). @default 0 */
  readonly pause?: number | undefined
  /** The options of `failover` that a user would set in this case. */
  readonly options?: FailoverOptions | undefined
  /** The limits for `failover`. In every case, no call may fail. */
  readonly limits?: Limits | undefined
}

export type Limits = {
  /** Highest p99 (in ms). */
  readonly p99?: number | undefined
  /** Highest p50, as a multiple of that of healthy providers. */
  readonly p50OfHealthy?: number | undefined
  /** Most calls that may reach providers for each request. */
  readonly callsPerRequest?: number | undefined
}

export type Result = Measured & {
  readonly peer: string
  readonly p50: number
  readonly p99: number
  /** Calls of the method that reached any provider, for each request. */
  readonly callsPerRequest: number
  /** Calls of other methods (pings, head probes) that reached any provider. `eth_chainId` is not counted. */
  readonly others: number
}

const warmUpCalls = 20
/** No call starts later than this in a run (in ms), so a client that takes seconds for a call makes fewer. */
const longest = 12_000
const well: Behaviour = { latency: 5 }
const revert = { code: 3, message: 'execution reverted: too late', data: revertDataOf('too late') }
const dead: Limits = { callsPerRequest: 1.1 }

export const cases: readonly Case[] = [
  { name: 'healthy' },
  {
    name: 'never answers',
    fault: { hang: true },
    calls: 150,
    concurrency: 5,
    limits: { p99: 1_200, p50OfHealthy: 1.3 },
  },
  { name: '503', fault: { status: 503 }, limits: dead },
  { name: 'resets the connection', fault: { reset: 'after' }, limits: dead },
  { name: 'HTML page, status 200', fault: { body: '<html><body>Welcome</body></html>' }, limits: dead },
  { name: 'JSON cut in half', fault: { truncated: true }, limits: dead },
  { name: '429 above 20 a second', providers: [{ ...well, rateLimit: { perSecond: 20 } }, well, well] },
  { name: 'all three: 503 for 30 %', providers: Array.from({ length: 3 }, () => [flaky(0.3), well]) },
  {
    name: '3 % take 2 s',
    providers: [{ latency: { median: 5, slow: { share: 0.03, ms: 2_000 } } }, well, well],
    limits: { p99: 100, callsPerRequest: 1.1 },
  },
  { name: '120 ms away', providers: [{ latency: 120 }, well, well], options: { strategy: 'fastest' } },
  {
    name: 'only the third has the method',
    providers: [{ ...well, unsupported: 'eth_getBalance' }, { ...well, unsupported: 'eth_getBalance' }, well],
  },
  {
    name: 'the call reverts',
    providers: Array.from({ length: 3 }, () => [{ methods: 'eth_call', error: revert }, well]),
    question: 'call',
    limits: { callsPerRequest: 1 },
  },
  {
    name: '8 s behind, 200 ms a block',
    fault: { lag: 40 },
    providers: [{ ...well, lag: 40 }, well, well],
    ...{ question: 'head', blockTime: 200, pause: 20, limits: { callsPerRequest: 1.1 } },
  },
  { name: 'take turns 4 blocks behind', question: 'head', blockTime: 200, alternating: 4, pause: 20 },
  {
    name: 'old state on the third only',
    providers: [{ ...well, archive: 10 }, { ...well, archive: 10 }, well],
    question: 'old balance',
    limits: { callsPerRequest: 1.05 },
  },
  {
    name: '900 blocks of logs, limits of 100, 250, 500',
    providers: [
      { ...well, logs: { maxBlockRange: 100, wording: 'alchemy' } },
      { ...well, logs: { maxBlockRange: 250, wording: 'publicnode' } },
      { ...well, logs: { maxBlockRange: 500, wording: 'quicknode' } },
    ],
    question: 'logs',
    calls: 12,
    concurrency: 1,
  },
  {
    name: 'logs past the head of the first',
    fault: { lag: 40 },
    providers: [{ ...well, lag: 40 }, well, well],
    ...{ question: 'newest logs', calls: 60 },
  },
  { name: 'one alone, away for 600 ms', providers: [well], outage: 600, calls: 20, concurrency: 20 },
]

export async function runCase(one: Case, maker: PeerMaker): Promise<Result> {
  const { providers = [well, well, well], fault, outage, calls = 300, concurrency = 6, question = 'balance' } = one
  const chain = isOfLogs(question) ? createSparseChain() : createChain()
  await using fleet = await createFleet(providers, { chain })
  const peer = maker.make({ urls: fleet.providers.map(({ url }) => url), question, options: one.options })
  const { alternating, blockTime, pause } = one
  const heads: Heads = { highest: 0, height: () => chain.head.number }
  const call = () => judged(peer.call(), question, heads)
  let blocks = 0
  const mine = () => {
    chain.mine()
    blocks++
    if (alternating === undefined) return
    for (const [index, provider] of fleet.providers.entries())
      provider.behave({ ...well, ...(index !== blocks % fleet.providers.length && { lag: alternating }) })
  }
  const miner = blockTime === undefined ? undefined : setInterval(mine, blockTime)
  await measure(call, { calls: warmUpCalls, concurrency, limit: longest })
  collectGarbage()

  for (const provider of fleet.providers) provider.forgetCalls()
  const [first] = fleet.providers
  if (fault) first?.behave({ ...well, ...fault })
  if (outage) await first?.kill()
  if (outage) setTimeout(() => void first?.revive(), outage)
  const measured = await measure(call, { calls, concurrency, limit: longest, pause })
  peer.close()
  clearInterval(miner)

  const countOf = (method?: string) => fleet.providers.reduce((sum, provider) => sum + provider.count(method), 0)
  const upstream = countOf(methodOf(question))
  return {
    ...measured,
    peer: peer.name,
    p50: percentile(measured.times, 0.5),
    p99: percentile(measured.times, 0.99),
    callsPerRequest: upstream / measured.calls,
    others: countOf() - upstream,
  }
}

/** `highest`: the highest head that an answer has shown. `height`: the true head. */
type Heads = { highest: number; height: () => number }
/** A head that is more blocks behind than this is stale. */
const MOST_BEHIND = 5

/** A chain with logs in every tenth block only, so that building blocks takes little time. */
function createSparseChain() {
  return createChain({ height: 1_000, logs: (number) => (number % 10 === 0 ? transfersOf(number) : []) })
}

/**
 * Resolves if the answer is the right one: for balances the height they were read at (the simulated chain's rule), for
 * `call` its revert, for `logs` all of them, for `head` one that is neither stale nor below one shown before.
 */
async function judged(answer: Promise<unknown>, question: Question, heads: Heads) {
  if (question === 'head') {
    const { highest } = heads
    const height = heads.height()
    const head = Number(await answer)
    if (head < highest) throw new Error('the head went backwards')
    if (head < height - MOST_BEHIND) throw new Error('the head is stale')
    heads.highest = Math.max(heads.highest, head)
    return
  }
  if (isOfLogs(question)) {
    const { from, to } = ranges[question]
    const logs = (await answer) as unknown[]
    if (logs.length !== (2 * (to - from + 1)) / 10) throw new Error(`there are ${logs.length} logs`)
    return
  }
  if (question !== 'call') {
    const balance = BigInt((await answer) as string | bigint)
    if (question === 'balance' ? balance !== 100n : balance > 50n) throw new Error(`the balance is ${balance}`)
    return
  }
  const error = await answer.then(
    () => new Error('the call did not revert'),
    (thrown: unknown) => thrown,
  )
  if (!carries(error, revert.data)) throw error
}

/** Whether the data of the revert is anywhere a caller would look for it. */
function carries(error: unknown, data: string): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { data: own, cause, info } = error as { data?: unknown; cause?: unknown; info?: { error?: unknown } }
  return own === data || carries(cause, data) || carries(info?.error, data)
}

function flaky(probability: number): Behaviour {
  return { probability, status: 503 }
}

/** Revert data as Solidity encodes it for `revert(reason)`. */
function revertDataOf(reason: string) {
  const word = (value: number) => value.toString(16).padStart(64, '0')
  return `0x08c379a0${word(32)}${word(reason.length)}${Buffer.from(reason).toString('hex').padEnd(64, '0')}`
}
