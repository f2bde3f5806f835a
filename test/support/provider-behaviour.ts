// How a simulated provider behaves: the words of its script, and which of them hold for one request.
// Pure but for the counters of the rules; chance comes from a seed.

import type { LogLimits } from './node-logs'

/** Which requests a rule is for; one without any of these is for all. */
export type BehaviourScope = {
  /**
   * Names, or `'trace_*'`. Of a socket: `'handshake'` (knows latency, hang, reset and status), `'ping'` (hang),
   * `'eth_subscription'` for what is pushed (latency, hang, reset, frames).
   */
  methods?: string | readonly string[] | undefined
  channel?: 'http' | 'ws' | undefined
  /** Only the first n requests that the rule is for, after those it leaves out. */
  first?: number | undefined
  /** Leaves out so many requests before. */
  skip?: number | undefined
  /** 0 to 1; drawn for each request. */
  probability?: number | undefined
}

export type Latency =
  | number
  | {
      median: number
      /** Makes it a log-normal spread. @default no spread */
      p99?: number | undefined
      /** A share (0 to 1) of the requests takes `ms` instead. */
      slow?: { share: number; ms: number } | undefined
    }

export type RpcErrorBody = { code: number; message: string; data?: unknown }

/** What happens to a payload (one request, or a batch) as a whole. Over a socket, `status` and `headers` mean nothing. */
export type PayloadEffects = {
  /** Before the answer (in ms). */
  latency?: Latency | undefined
  /** Never answers; `'processed'`: but does what was asked. For pushes: sends none. */
  hang?: true | 'processed' | undefined
  /** Cuts the connection `'before'` the request is read (a rule with `methods` never does), `'after'`, or once it was `'processed'`. */
  reset?: 'before' | 'after' | 'processed' | undefined
  /** Alone it comes with an HTML page; with `error` or a result, that is the body. */
  status?: number | undefined
  /** In place of JSON, with 200 if no `status` is given. */
  body?: string | undefined
  headers?: Record<string, string> | undefined
  /** 429 above it; `retryAfter` in s. */
  rateLimit?: { perSecond: number; retryAfter?: number | undefined } | undefined
  truncated?: true | undefined
  unorderedBatches?: true | undefined
  /** One error object for a batch; a number: for batches of more than that. */
  batchAsOneError?: true | number | undefined
  /** Leaves out the last answer of a batch. */
  missingMember?: true | undefined
  /** What becomes of a pushed frame; `swap` lets the next one of its subscription overtake it. */
  frames?: 'drop' | 'double' | 'swap' | undefined
}

/** What happens to one request, alone or in a batch. */
export type MemberEffects = {
  wrongId?: true | undefined
  error?: RpcErrorBody | undefined
  /** Results by method: a value, or a function of the params. */
  result?: Record<string, unknown> | undefined
  /** Names, or `'trace_*'`, answered with -32601. */
  unsupported?: string | readonly string[] | undefined
  /** The provider's head is so many blocks behind. */
  lag?: number | undefined
  /** State only of the last so many blocks. */
  archive?: number | undefined
  logs?: LogLimits | undefined
  wrongChain?: number | undefined
}

export type Effects = PayloadEffects & MemberEffects

/** One rule. */
export type Behaviour = BehaviourScope & Effects

/** One rule or several. All that are for a request hold together; of two that say the same thing, the earlier wins. */
export type BehaviourScript = Behaviour | readonly Behaviour[]

/** The effects that hold for a request, with what the rate limits say to it. */
export type Decision = Effects & { limited?: { retryAfter?: number | undefined } | undefined }

export type Script = {
  /** Whether the connection is cut before the request is read; counts it in the rules that say so. */
  isCutEarly(channel: 'http' | 'ws', now: number): boolean
  /** Counts the request in the rules that are for it. */
  decide(method: string, channel: 'http' | 'ws', now: number): Decision
  /** What always holds: of the rules without a scope. */
  readonly standing: Effects
}

/** @param random a number in [0, 1) */
export function createScript(script: BehaviourScript, random: () => number): Script {
  const [early, rules] = [true, false].map((isEarly) =>
    listOf(script)
      .filter(({ reset }) => (reset === 'before') === isEarly)
      .map((behaviour) => createRule(behaviour, random)),
  ) as [Rule[], Rule[]]
  return {
    isCutEarly: (channel, now) => early.some((rule) => rule('', channel, now)),
    decide: (method, channel, now) => mergeEffects(rules.flatMap((rule) => rule(method, channel, now) ?? [])),
    standing: mergeEffects(listOf(script).filter((behaviour) => !isScoped(behaviour))),
  }
}

/** All hold together; of two that say the same thing, the earlier wins. */
export function mergeEffects(list: readonly Decision[]): Decision {
  const reversed = [...list].reverse()
  const merged: Decision = Object.assign({}, ...reversed)
  if (merged.result) merged.result = Object.assign({}, ...reversed.map(({ result }) => result))
  if (merged.headers) merged.headers = Object.assign({}, ...reversed.map(({ headers }) => headers))
  return merged
}

/** The rule's effects, if it is for the request. */
type Rule = (method: string, channel: 'http' | 'ws', now: number) => Decision | undefined

function createRule(behaviour: Behaviour, random: () => number): Rule {
  const { methods, channel, first = Infinity, skip = 0, probability = 1, ...effects } = behaviour
  const taken: number[] = [] // times of the last second, for the rate limit
  let seen = 0

  return (method, asked, now) => {
    if (channel && channel !== asked) return undefined
    if (methods !== undefined && !isNamed(methods, method)) return undefined
    // "The first three requests" means requests.
    if (methods === undefined && isScoped({ ...behaviour, channel: undefined }) && !isRequest(method)) return undefined
    if (probability < 1 && random() >= probability) return undefined
    seen++
    if (seen <= skip || seen > skip + first) return undefined
    if (!effects.rateLimit || !isRequest(method)) return effects
    while ((taken[0] ?? now) <= now - 1_000) taken.shift()
    if (taken.length >= effects.rateLimit.perSecond) return { ...effects, limited: effects.rateLimit }
    taken.push(now)
    return effects
  }
}

export function isNamed(names: string | readonly string[], method: string): boolean {
  return listOf(names).some((name) => (name.endsWith('*') ? method.startsWith(name.slice(0, -1)) : method === name))
}

/** How long one answer takes (in ms). */
export function drawLatency(latency: Latency, random: () => number): number {
  if (typeof latency === 'number') return latency
  const { median, p99, slow } = latency
  if (slow && random() < slow.share) return slow.ms
  if (p99 === undefined) return median
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return median * Math.exp((normal * Math.log(p99 / median)) / 2.326)
}

function isScoped({ methods, channel, first, skip, probability }: Behaviour): boolean {
  return [methods, channel, first, skip, probability].some((part) => part !== undefined)
}

function isRequest(method: string): boolean {
  return !['eth_subscription', 'ping', 'handshake'].includes(method)
}

function listOf<item>(items: item | readonly item[]): readonly item[] {
  return Array.isArray(items) ? items : [items as item]
}
