// An error -> what went wrong, whether another candidate may do better, and who is to blame. Pure; the one place that
// weighs codes, texts, HTTP status and method. The wordings are in failure-words.ts; what to do about it is not decided here.

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
  /** final: return it to the caller; next: another candidate may do better. */
  verdict: 'final' | 'next'
  /** Whether there is a positive reason to hold it against the channel or the provider. */
  blame: 'channel' | 'provider' | 'nobody'
  /** A JSON-RPC error object given by the provider (as against transport failures, bad bodies, our own timeouts). */
  isRpc: boolean
  /** Whether the failure proves that the provider did nothing with the request: a write may then go on elsewhere. */
  isUntouched: boolean
  code?: number | undefined
  status?: number | undefined
  /** A timeout that no provider told of: the clock of ours ended it. */
  isOurs?: true | undefined
  /** The provider's text, best found. */
  message: string
  /** How long the provider asks to be left alone (in ms), uncapped; of several hints the longest. */
  retryAfter?: number | undefined
  /** The method as such is not served (not a tracer, a subscription kind, a plan): may be learned. */
  isMethodUnknown?: boolean | undefined
  /**
   * Raw sends. known: can only mean these very bytes; nonce-taken: may mean another transaction of the nonce;
   * policy: refused by this node's own policy; rule: against the chain's rules.
   */
  transaction?: Meaning['transaction'] | undefined
  /** `eth_getLogs`: the range the provider proposes. */
  suggestedRange?: BlockRange | undefined
  /** `eth_getLogs`: how many blocks it allows, both ends counted. */
  maxBlockRange?: number | undefined
  /** `eth_getLogs`: how many logs an answer of its may have. */
  maxResults?: number | undefined
  /** `eth_getLogs`: it is not the blocks that are too many: it is the addresses, or a filter that names none. */
  excess?: 'addresses' | 'filter' | undefined
}

export type FailureContext = {
  method: string
  params?: unknown
  /** The provider's own rules; asked first. */
  rules?: readonly ErrorRule[] | undefined
  /** `Date.now()` of the caller, for a Retry-After that is a date. */
  wallTime?: number | undefined
}

const FINAL =
  /^(reverted|invalid-params|invalid-request|transaction-rejected|already-known|user-rejected|filter-not-found)$/
const OF_THE_CHANNEL = /^(network|timeout|server-error|invalid-response)$/
/** Beside those of the channel: the request may have been acted upon. */
const TOUCHED = /^(unknown|result-too-large)$/
/** What the body of an answer that is no JSON-RPC may be believed to say. */
const SAID_BY_BODIES = /^(quota|rate|unsupp|auth|network|timeout|batch)/
/** Whoever writes JSON writes it to programs; */
const JSON_BODY = /^["{]/
/** what it says is believed where the status says no more than that it failed. */
const VAGUE_STATUS = /^(400|422|500)$/

const LOGS = /logs|filter/i
const HEAVY = /^(debug|trace|arbtrace|ots)_|logs/i
/** Answered with a number, a hash, a transaction or the code of an account: never with much. */
const BRIEF = /^(eth|net|web3)_\w*(Id|Price|Gas|Fee|Balance|Count|Code|At|kNumber|ersion|Transaction)$/
/** Unsupported for other reasons than the method's name. */
const NOT_THE_METHOD = /tracer|subscription|notification|\bplan\b|\btier\b|upgrade|pool|\bchain\b|network/
const OF_THE_RATE = /rate|per |sec|min|capacity|unit|requests|calls|throttl|rps|concurr|load|plan/
const MAX_LOGS_SPAN = 1_000

/** Whether it was not reached, or did not answer: what opens a breaker soonest. */
export function isUnreachable({ kind }: Pick<Failure, 'kind'>): boolean {
  return kind === 'network' || kind === 'timeout'
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
    // Another `failover()` knows more than its error says: that of one provider may stand for several.
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
      // `search` heeds no lastIndex of a global pattern.
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
  const said = meaningOfText(facts.text, context.method)
  // "Please try again" alone says less than a code or a status.
  const isSoft = said?.kind === 'server-error' && said.blame === 'nobody'
  if (said && !isSoft) return said
  const byNumber = meaningOfCode(facts, context.method) ?? meaningOfStatus(facts.status)
  return byNumber ?? said ?? meaningOfStatus(facts.code) ?? { kind: 'unknown' }
}

/** What the method and its blocks add to the words. */
function refine(meaning: Meaning, { names, isRpc, status, text }: Facts, { method, params }: FailureContext): Meaning {
  const { kind } = meaning
  const isLogs = LOGS.test(method)
  switch (kind) {
    case 'unsupported-method':
      return (isRpc || JSON_BODY.test(text)) && !NOT_THE_METHOD.test(text)
        ? { ...meaning, isMethodUnknown: true }
        : meaning
    case 'auth':
      // Leave for this one method is not leave as such.
      return method && meaning.blame === undefined && text.includes(method.toLowerCase())
        ? { kind: 'unsupported-method', isMethodUnknown: isRpc }
        : meaning
    case 'rate-limit':
      // A limit that is none of the rate is one of the range.
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
    case 'block-not-available':
      return spanOf(params) < 0 && /invalid block range/.test(text) ? { kind: 'invalid-params' } : meaning
    case 'timeout':
      // A node's own time limit on heavy work; one of the gateway comes with its HTTP status.
      return isRpc && status === undefined && HEAVY.test(method) ? { ...meaning, blame: 'nobody' } : meaning
    case 'result-too-large':
      return / ResponseBodyTooLargeError /.test(names) && BRIEF.test(method) ? { kind: 'invalid-response' } : meaning
    case 'server-error':
      // Gateways drop the backend that gave up on a wide range, and then have none.
      return isLogs && /no backend/.test(text) && spanOf(params) > MAX_LOGS_SPAN ? { kind: 'range-too-large' } : meaning
    default:
      return meaning
  }
}

/** How far `toBlock` is from `fromBlock`; 0 where the params do not say. */
function spanOf(params: unknown): number {
  const filter = field(params, '0')
  const from = heightOf(field(filter, 'fromBlock'))
  const to = heightOf(field(filter, 'toBlock'))
  return from === undefined || to === undefined ? 0 : to - from
}

/** No JSON-RPC error: an HTTP failure, a bad body, a lost socket, a timeout of our own, anything else thrown. */
function meaningOfTransport({ names, status, text }: Facts, method: string): Meaning {
  if (/ TimeoutError /.test(names)) return { kind: 'timeout' }
  // Not the provider's doing: too much of ours waits for it, or the user's own function gave no headers. Nothing was sent.
  if (
    / ChannelFullError /.test(names) ||
    /^(the handshake of the socket failed: )?the `headers` function failed/.test(text)
  )
    return { kind: 'network', blame: 'nobody', isUntouched: true }
  if (/ (UrlRequired|NoProvider|ChainMismatch)Error /.test(names)) return { kind: 'unknown', isUntouched: true }
  const byStatus = meaningOfStatus(status)
  if (/unexpected server response/.test(text)) return { ...(byStatus ?? { kind: 'network' }), isUntouched: true }
  const said = meaningOfText(readable(text), method)
  // viem meets a body that is no JSON as a SyntaxError, which quotes its beginning.
  const isBody = status !== undefined || / (InvalidResponse|Syntax)Error /.test(names)
  if (!isBody)
    return said ?? { kind: / (Http|WebSocket|Socket)\w*Error /.test(names) ? 'network' : 'unknown', blame: 'channel' }
  if (said && VAGUE_STATUS.test(`${status}`) && JSON_BODY.test(text)) return said
  // 404 and 405 say that there is nothing at this address: their "method" is that of HTTP.
  if (said && SAID_BY_BODIES.test(said.kind) && said.blame === undefined && status !== 404 && status !== 405)
    return said
  if (byStatus) return byStatus
  if (status === undefined || status < 300) return { kind: 'invalid-response' }
  return { kind: 'server-error', isUntouched: status >= 400 }
}

/** Of an HTML page only what it says about rates: the rest is full of words that mean nothing here. */
function readable(text: string): string {
  if (!/<(!doctype|html|head|body)/.test(text)) return text
  return /rate.?limited|too many requests|error (code: )?1015/.exec(text)?.[0] ?? ''
}
