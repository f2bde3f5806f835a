// Classifies an error: what went wrong, whether another candidate may do better, and who is to blame. Pure; the one place that
// weighs codes, texts, HTTP status and method. Wordings are in failure-words.ts; what follows from a failure is decided above.

import { field } from '../base/fields'
import type { ErrorRule, FailureKind } from '../types'
import { heightOf } from './block'
import { meaningOfCertainCode, meaningOfCode, meaningOfStatus } from './failure-codes'
import type { Facts } from './failure-facts'
import { factsOf } from './failure-facts'
import { meaningOfText } from './failure-words'
import type { BlockRange } from './hints'
import { excessOf, maxBlockRangeOf, maxResultsOf, retryAfterOf, suggestedRangeOf } from './hints'
import type { Meaning } from './transaction-words'

export type Failure = {
  kind: FailureKind
  /** `'final'`: the caller gets the error. `'next'`: another candidate may do better. */
  verdict: 'final' | 'next'
  /** Whom the failure counts against; `'nobody'` unless there is a positive reason. */
  blame: 'channel' | 'provider' | 'nobody'
  /** Whether the provider gave a JSON-RPC error object (unlike transport failures, bad bodies, our own timeouts). */
  isRpc: boolean
  /** Whether the failure proves that the provider did nothing with the request: a write may then go on elsewhere. */
  isUntouched: boolean
  code?: number | undefined
  status?: number | undefined
  /** Set for a timeout of our own clock, as opposed to one that the provider reports. */
  isOurs?: true | undefined
  /** The first text of the error: most often what the provider said. */
  message: string
  /** How long the provider asks to be left alone (in ms), uncapped; of several hints the longest. */
  retryAfter?: number | undefined
  /** Whether the provider lacks the method itself (not a tracer, a subscription kind or a plan): that may be learned. */
  isMethodUnknown?: boolean | undefined
  /**
   * For raw sends. `'known'`: the node has these very bytes. `'nonce-taken'`: or another one of the same nonce.
   * `'policy'`: this node's own policy refuses the transaction. `'rule'`: the chain's rules do.
   */
  transaction?: Meaning['transaction'] | undefined
  /** For `eth_getLogs`: the range that the provider proposes. */
  suggestedRange?: BlockRange | undefined
  /** For `eth_getLogs`: how many blocks the provider allows, both ends counted. */
  maxBlockRange?: number | undefined
  /** For `eth_getLogs`: how many logs the provider puts into one answer. */
  maxResults?: number | undefined
  /** For `eth_getLogs`: set if not the blocks are too many, but the addresses, or if the filter must name an address. */
  excess?: 'addresses' | 'filter' | undefined
}

export type FailureContext = {
  method: string
  params?: unknown
  /** Rules that the user declared for this provider; they go before the built-in ones. */
  rules?: readonly ErrorRule[] | undefined
  /** Time of day at the caller (in ms since 1970), for a Retry-After that is a date. */
  wallTime?: number | undefined
}

/** Kinds that are final unless the meaning says otherwise. */
const FINAL =
  /^(reverted|invalid-params|invalid-request|transaction-rejected|already-known|user-rejected|filter-not-found)$/
const OF_THE_CHANNEL = /^(network|timeout|server-error|invalid-response)$/
/** Kinds that what the platform says about a connection may be of. */
const OF_THE_CONNECTION = /network|timeout/
/** Kinds, beside those of the channel, after which the provider may have acted upon the request. */
const TOUCHED = /^(unknown|result-too-large)$/
/** Kinds that are believed when they come from the text of a body that is no JSON-RPC. */
const SAID_BY_BODIES = /^(quota|rate|unsupp|auth|network|timeout|batch)/
/** A body that is JSON was written for programs. Its text is believed where the status is one of `VAGUE_STATUS`. */
const JSON_BODY = /^["{]/
/** Statuses that say no more than that the request failed. */
const VAGUE_STATUS = /^(400|422|500)$/

/** Kinds that are believed when they come from the text of a parse error (-32700): ganache gives that code to all that it does not have. */
const SAID_OF_PARSING = /^(unsupported-|filter-|block-)/

const LOGS = /logs|filter/i
const HEAVY = /^(debug|trace|arbtrace|ots)_|logs/i
/** Methods whose answer is always short: a number, a hash, a transaction or the code of an account. */
const BRIEF = /^(eth|net|web3)_\w*(Id|Price|Gas|Fee|Balance|Count|Code|At|kNumber|ersion|Transaction)$/
/** Words for something unsupported that is not the method itself. */
const NOT_THE_METHOD = /tracer|subscription|notification|\b(plan|tier|paid)|premium|upgrade|pool|\bchain\b|network/
const OF_THE_RATE = /rate|per |sec|min|capacity|unit|requests|calls|throttl|rps|concurr|load|plan/
/** How a refusal of a log range may be worded, beside the known ways. */
const NARROWER = /narrow|smaller|<=|\bless|too (wide|big|large|far)|span\b|interval|distance/
const OF_A_RANGE = /block|range|quer|span|interval|distance/
/** Kinds that the blocks of a request decide. */
const OF_BLOCKS = /^(block-not|missing-s|range-)/
/** What else may be too large, which a narrower range does not cure. */
const NOT_OF_A_RANGE = /topic|address|integer|byte/
/** A log range from which `toBlock` is further than this from `fromBlock` counts as wide (in blocks). */
const MAX_LOGS_SPAN = 1_000

/** Whether the provider could not be reached or did not answer: such failures open a breaker soonest. */
export function isUnreachable({ kind }: Pick<Failure, 'kind'>): boolean {
  return OF_THE_CONNECTION.test(kind)
}

export function failureOf(error: unknown, context: FailureContext): Failure {
  const facts = factsOf(error)
  const { code, status, message, isRpc, text } = facts
  const meaning = meaningByRule(facts, context.rules) ?? refine(meaningOf(facts, context), facts, context)
  const { kind, transaction, isMethodUnknown } = meaning
  const isOfChannel = OF_THE_CHANNEL.test(kind)
  const verdict = meaning.verdict ?? (FINAL.test(kind) ? 'final' : 'next')
  return {
    kind,
    verdict,
    blame: meaning.blame ?? (isOfChannel ? 'channel' : kind === 'auth' ? 'provider' : 'nobody'),
    isRpc,
    // The error of a nested `failover()` is that of one provider, but another of its providers may have got the request.
    isUntouched:
      field(error, 'mayHaveBeenSent') !== true &&
      (meaning.isUntouched ?? (verdict === 'next' && !isOfChannel && !TOUCHED.test(kind))),
    message,
    ...(code !== undefined && { code }),
    ...(status !== undefined && { status }),
    retryAfter: verdict === 'next' ? retryAfterOf(facts, context.wallTime) : undefined,
    isMethodUnknown,
    transaction,
    ...(/^(range|result)-too-large$/.test(kind) && { suggestedRange: suggestedRangeOf(facts) }),
    ...(kind === 'range-too-large' && { maxBlockRange: maxBlockRangeOf(text), excess: excessOf(text) }),
    ...(kind === 'result-too-large' && { maxResults: maxResultsOf(text) }),
  }
}

function meaningByRule({ code, said }: Facts, rules: readonly ErrorRule[] | undefined): Meaning | undefined {
  const found = rules?.find(
    ({ code: asked = code, message = '' }) =>
      asked === code &&
      // `search`, unlike `test`, ignores the lastIndex of a global pattern.
      (typeof message === 'string'
        ? said.toLowerCase().includes(message.toLowerCase())
        : said !== '' && said.search(message) >= 0),
  )
  if (!found) return undefined
  const { kind } = found
  if (kind === 'already-known') return { kind, transaction: 'known' }
  return kind === 'transaction-rejected' ? { kind, transaction: 'rule' } : { kind }
}

function meaningOf(facts: Facts, context: FailureContext): Meaning {
  if (/ AbortError /.test(facts.names)) return { kind: 'unknown', blame: 'nobody' }
  if (facts.status === 402) return { kind: 'quota' }
  if (!facts.isRpc) return meaningOfTransport(facts, context.method)
  const certain = meaningOfCertainCode(facts, context.method)
  if (certain) return certain
  const said = meaningOfText(facts.text, context.method, facts.code === -32700 ? SAID_OF_PARSING : undefined)
  // "Please try again" alone says less than a code or a status.
  const isSoft = said?.kind === 'server-error' && said.blame === 'nobody'
  if (said && !isSoft) return said
  const byNumber = meaningOfCode(facts, context.method) ?? meaningOfStatus(facts.status)
  return byNumber ?? said ?? meaningOfStatus(facts.code) ?? { kind: 'unknown' }
}

/** Corrects the meaning of the words by what the method and the block range of its params say. */
function refine(
  meaning: Meaning,
  { names, isRpc, code, innerCode = code, status, text }: Facts,
  { method, params }: FailureContext,
): Meaning {
  const { kind } = meaning
  const isLogs = LOGS.test(method)
  // Nobody has, and nobody takes, a range that is reversed.
  if (OF_BLOCKS.test(kind) && spanOf(params) < 0) return { kind: 'invalid-params' }
  switch (kind) {
    case 'unsupported-method':
      return (isRpc || JSON_BODY.test(text)) && !NOT_THE_METHOD.test(text)
        ? { ...meaning, isMethodUnknown: true }
        : meaning
    case 'auth':
      // A refusal that names the method concerns that method only, not the access as such.
      return method && meaning.blame === undefined && text.includes(method.toLowerCase())
        ? { kind: 'unsupported-method', isMethodUnknown: isRpc }
        : meaning
    case 'rate-limit':
      // "Limit exceeded" for logs, without a word about a rate, is about the range.
      return isLogs && !OF_THE_RATE.test(text) && /exceed/.test(text) ? { kind: 'range-too-large' } : meaning
    case 'invalid-request':
      return isLogs && meaning.verdict === 'next' && (status === 413 || /large/.test(text))
        ? { kind: 'range-too-large' }
        : meaning
    case 'missing-state':
      if (/^(debug|trace)_/.test(method) && /\bplan\b/.test(text)) return { kind: 'unsupported-method' }
      return isLogs && /filter/i.test(method) && /^\W*(resource )?not found/.test(text)
        ? { kind: 'filter-not-found' }
        : meaning
    case 'timeout':
      // Without an HTTP status it is the node's own time limit for heavy work: a gateway's timeout has a status.
      return isRpc && status === undefined && HEAVY.test(method) ? { ...meaning, blame: 'nobody' } : meaning
    case 'result-too-large':
      return / ResponseBodyTooLargeError /.test(names) && BRIEF.test(method) ? { kind: 'invalid-response' } : meaning
    case 'server-error':
      // A backend gives up on a wide range. The gateway drops it, and then says that it has no backend.
      return isLogs && /no backend/.test(text) && spanOf(params) > MAX_LOGS_SPAN ? { kind: 'range-too-large' } : meaning
    case 'invalid-params':
    case 'unknown':
      if (!isRpc || meaning.transaction) return meaning
      if (isLogs && spanOf(params) >= 0 && NARROWER.test(text) && OF_A_RANGE.test(text) && !NOT_OF_A_RANGE.test(text))
        return { kind: 'range-too-large' }
      // A gateway that could not read what its node said words it as bad params are worded.
      if (/\bresponse/.test(text)) return { kind: 'server-error' }
      // Where the node failed inside, the params may be good enough for others.
      return innerCode === -32603 ? { ...meaning, verdict: 'next', isUntouched: false } : meaning
    default:
      return meaning
  }
}

/** The distance from `fromBlock` to `toBlock` (in blocks, negative if reversed); 0 if the params do not tell. */
function spanOf(params: unknown): number {
  const filter = field(params, '0')
  const from = heightOf(field(filter, 'fromBlock'))
  const to = heightOf(field(filter, 'toBlock'))
  return from === undefined || to === undefined ? 0 : to - from
}

/** The meaning of what is no JSON-RPC error: an HTTP failure, a bad body, a lost socket, a timeout of our own, all else. */
function meaningOfTransport({ names, status, text }: Facts, method: string): Meaning {
  if (/ TimeoutError /.test(names)) return { kind: 'timeout' }
  // Not the provider's fault: our own queue is full, or the user's `headers` function failed. Nothing was sent.
  if (
    / ChannelFullError /.test(names) ||
    /^(the handshake of the socket failed: )?the `headers` function failed/.test(text)
  )
    return { kind: 'network', blame: 'nobody', isUntouched: true }
  if (/ (UrlRequired|NoProvider|ChainMismatch)Error /.test(names)) return { kind: 'unknown', isUntouched: true }
  const byStatus = meaningOfStatus(status)
  if (/unexpected server response/.test(text)) return { ...(byStatus ?? { kind: 'network' }), isUntouched: true }
  // For a body that is no JSON, viem throws a SyntaxError, which quotes the beginning of the body.
  const isBody = status !== undefined || / (InvalidResponse|Syntax)Error /.test(names)
  // The platform's words for a broken connection name hosts, certificates and headers, which may be called anything.
  if (!isBody && / (Http|WebSocket|Socket)\w*Error /.test(names))
    return meaningOfText(text, method, OF_THE_CONNECTION) ?? { kind: 'network' }
  const said = meaningOfText(readable(text), method)
  if (!isBody) return said ?? { kind: 'unknown', blame: 'channel' }
  if (said && VAGUE_STATUS.test(`${status}`) && JSON_BODY.test(text)) return said
  // 404 and 405 mean that nothing is served at this address. The "method" in their text is HTTP's.
  if (said && SAID_BY_BODIES.test(said.kind) && said.blame === undefined && status !== 404 && status !== 405)
    return said
  if (byStatus) return byStatus
  if (status === undefined || status < 300) return { kind: 'invalid-response' }
  return { kind: 'server-error', isUntouched: status >= 400 }
}

/** Of an HTML page, only the words about rate limits: its other words mean nothing. Other texts stay as they are. */
function readable(text: string): string {
  if (!/<(!doctype|html|head|body)/.test(text)) return text
  return /rate.?limited|too many requests|error (code: )?1015/.exec(text)?.[0] ?? ''
}
