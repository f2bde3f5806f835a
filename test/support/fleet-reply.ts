// Makes the reply to a payload (one request or a batch) as the script says. Knows no sockets.

import { RpcFault } from './chain-rpc'
import type { Node, NodeView } from './node'
import type { Decision } from './provider-behaviour'
import { isNamed, mergeEffects } from './provider-behaviour'

export type WireRequest = { id?: unknown; method: string; params?: unknown }

/** What the server does: answer with this, never answer (`'hang'`), or cut the connection (`'reset'`). */
export type Reply = { status: number; headers: Record<string, string>; text: string } | 'hang' | 'reset'

export type ReplyOptions = {
  payload: WireRequest | readonly WireRequest[]
  /** The decision of the script for each request of the payload, in order. */
  decisions: readonly Decision[]
  node: Pick<Node, 'answer'>
  /** The head and the chain id of a healthy provider. */
  truth: { head: number; chainId: number }
}

const page = '<html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>'

export async function replyTo({ payload, decisions, node, truth }: ReplyOptions): Promise<Reply> {
  // If two requests of a batch have the same effect on the whole, the earlier one decides.
  const whole = mergeEffects(decisions)
  if (whole.hang === true) return 'hang'
  if (whole.reset === 'before' || whole.reset === 'after') return 'reset'
  const requests = Array.isArray(payload) ? (payload as readonly WireRequest[]) : [payload as WireRequest]
  const refusal = refusalOf(whole, Array.isArray(payload), requests)
  if (refusal) return refusal

  const answers = await Promise.all(
    requests.map((request, i) => answerOf(request, decisions[i] as Decision, node, truth)),
  )
  if (whole.hang === 'processed') return 'hang'
  if (whole.reset === 'processed') return 'reset'
  if (whole.unorderedBatches) answers.reverse()
  if (whole.missingMember && Array.isArray(payload)) answers.pop()
  return jsonReply(whole, Array.isArray(payload) ? answers : answers[0])
}

/** The reply to a payload that is refused as a whole, whatever its requests are. */
function refusalOf(whole: Decision, isBatch: boolean, requests: readonly WireRequest[]): Reply | undefined {
  const { limited, status = 200, body, headers = {}, batchAsOneError } = whole
  if (limited) {
    const { retryAfter } = limited
    const id = requests[0]?.id ?? null
    const hint = retryAfter === undefined ? undefined : { 'retry-after': `${retryAfter}` }
    const answer = { jsonrpc: '2.0', id, error: { code: -32005, message: 'Too Many Requests' } }
    return jsonReply({ ...whole, status: 429, headers: { ...hint, ...headers } }, answer)
  }
  const hasAnswers = whole.error !== undefined || whole.result !== undefined || status < 300
  if (body !== undefined || !hasAnswers) {
    const type = { 'content-type': body === undefined || body.startsWith('<') ? 'text/html' : 'text/plain' }
    return { status, headers: { ...type, ...headers }, text: body ?? page }
  }
  const most = batchAsOneError === true ? 0 : (batchAsOneError ?? Infinity)
  if (!isBatch || requests.length <= most) return undefined
  const refused = { code: -32600, message: 'Batch requests are not supported' }
  return jsonReply(whole, { jsonrpc: '2.0', id: null, error: refused })
}

async function answerOf(
  request: WireRequest,
  decision: Decision,
  node: ReplyOptions['node'],
  truth: ReplyOptions['truth'],
) {
  const id = decision.wrongId ? 'of-somebody-else' : (request.id ?? null)
  try {
    return { jsonrpc: '2.0', id, result: await resultOf(request, decision, node, truth) }
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
    const { code, message, data } = error
    return { jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } }
  }
}

function resultOf(request: WireRequest, decision: Decision, node: ReplyOptions['node'], truth: ReplyOptions['truth']) {
  const { method, params } = request
  const { error, unsupported, result, lag = 0, wrongChain = truth.chainId, archive, logs } = decision
  if (error) throw new RpcFault(error.code, error.message, error.data)
  if (unsupported && isNamed(unsupported, method)) {
    throw new RpcFault(-32601, `the method ${method} does not exist/is not available`)
  }
  if (result && Object.hasOwn(result, method)) {
    const given = result[method]
    return typeof given === 'function' ? given(params) : given
  }
  const view: NodeView = { head: Math.max(0, truth.head - lag), chainId: wrongChain, archive, logs }
  return node.answer(method, Array.isArray(params) ? params : [], view)
}

function jsonReply({ status = 200, headers, truncated }: Decision, answer: unknown): Reply {
  const json = JSON.stringify(answer)
  const text = truncated ? json.slice(0, Math.ceil(json.length / 2)) : json
  return { status, headers: { 'content-type': 'application/json', ...headers }, text }
}
