// How a simulated provider behaves: the rules of its script, and which of them hold for one request. Pure, except for the
// counters of the rules. Random numbers come from a seed.

import type { LogLimits } from './node-logs'

/** Which requests a rule is for. A rule without any of these fields is for all requests. */
export type BehaviourScope = {
  /**
   * Names, or prefixes like `'trace_*'`. For sockets also `'handshake'` (with the effects latency, hang, reset, status),
   * `'ping'` (hang), and `'eth_subscription'` for pushed frames (latency, hang, reset, frames).
   */
  methods?: string | readonly string[] | undefined
  channel?: 'http' | 'ws' | undefined
  /** The rule holds only for this many requests, after those of `skip`. */
  first?: number | undefined
  /** The rule does not hold for this many first requests. */
  skip?: number | undefined
  /** Probability that the rule holds, drawn for each request (0 to 1). */
  probability?: number | undefined
}

export type Latency =
  | number
  | {
      median: number
      /** Makes the latency log-normal, with this 99th percentile (in ms). @default no spread */
      p99?: number | undefined
      /** A share of the requests (0 to 1) that takes `ms` instead. */
      slow?: { share: number; ms: number } | undefined
    }

export type RpcErrorBody = { code: number; message: string; data?: unknown }

/** What happens to a payload (one request or a batch) as a whole. Over a socket, `status` and `headers` have no effect. */
export type PayloadEffects = {
  /** Delay of the answer (in ms). */
  latency?: Latency | undefined
  /** Never answers; with `'processed'` the request is carried out all the same. Pushed frames are not sent. */
  hang?: true | 'processed' | undefined
  /**
   * Cuts the connection: `'before'` the request is read (not possible with `methods`), `'after'` it is read, or once it was
   * `'processed'`.
   */
  reset?: 'before' | 'after' | 'processed' | undefined
  /** HTTP status. The body is an HTML page, unless there is an `error` or a result. */
  status?: number | undefined
  /** A body in place of JSON, with status 200 unless `status` is given. */
  body?: string | undefined
  headers?: Record<string, string> | undefined
  /** Answers 429 above this rate; `retryAfter` in s. */
  rateLimit?: { perSecond: number; retryAfter?: number | undefined } | undefined
  truncated?: true | undefined
  unorderedBatches?: true | undefined
  /** Answers a batch with one error object; a number: only batches of more requests than that. */
  batchAsOneError?: true | number | undefined
  /** Leaves out the last answer of a batch. */
  missingMember?: true | undefined
  /** What happens to a pushed frame. `'swap'` lets the next frame of its subscription overtake it. */
  frames?: 'drop' | 'double' | 'swap' | undefined
}

/** What happens to one request, alone or in a batch. */
export type MemberEffects = {
  wrongId?: true | undefined
  error?: RpcErrorBody | undefined
  /** Results by method: a value, or a function of the params. */
  result?: Record<string, unknown> | undefined
  /** Methods (names, or prefixes like `'trace_*'`) that are answered with -32601. */
  unsupported?: string | readonly string[] | undefined
  /** How many blocks the provider's head is behind that of the chain. */
  lag?: number | undefined
  /** How many blocks of state below its head the provider keeps. */
  archive?: number | undefined
  logs?: LogLimits | undefined
  wrongChain?: number | undefined
}

export type Effects = PayloadEffects & MemberEffects

/** One rule. */
export type Behaviour = BehaviourScope & Effects

/** One rule or several. All rules that are for a request hold together; if two have the same effect, the earlier one wins. */
export type BehaviourScript = Behaviour | readonly Behaviour[]

/** The effects that hold for a request, and whether a rate limit refuses it. */
export type Decision = Effects & { limited?: { retryAfter?: number | undefined } | undefined }

export type Script = {
  /** Whether the connection is cut before the request is read. Counts the request in rules that do that. */
  isCutEarly(channel: 'http' | 'ws', now: number): boolean
  /** The effects for a request. Counts the request in the rules that are for it. */
  decide(method: string, channel: 'http' | 'ws', now: number): Decision
  /** The effects that always hold: those of the rules without a scope. */
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

/** Joins effects; if two are the same, the earlier one wins. */
export function mergeEffects(list: readonly Decision[]): Decision {
  const reversed = [...list].reverse()
  const merged: Decision = Object.assign({}, ...reversed)
  if (merged.result) merged.result = Object.assign({}, ...reversed.map(({ result }) => result))
  if (merged.headers) merged.headers = Object.assign({}, ...reversed.map(({ headers }) => headers))
  return merged
}

/** A rule: its effects for a request; `undefined` if it is not for that request. */
type Rule = (method: string, channel: 'http' | 'ws', now: number) => Decision | undefined

function createRule(behaviour: Behaviour, random: () => number): Rule {
  const { methods, channel, first = Infinity, skip = 0, probability = 1, ...effects } = behaviour
  const taken: number[] = [] // times of the last second, for the rate limit
  let seen = 0

  return (method, asked, now) => {
    if (channel && channel !== asked) return undefined
    if (methods !== undefined && !isNamed(methods, method)) return undefined
    // Handshakes, pings and pushes are no requests: a rule without `methods` does not count them.
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
