// JSON-RPC frames: builds a request or a batch, and reads the response strictly. Pure.
// What an error means is not decided here (failure.ts, batch-refusal.ts).

import type { RpcRequest } from '../types'

export type RpcErrorObject = { code: number; message: string; data?: unknown }

/** What may come instead of a result. `isUncoded`: the error came without a code, and its `code` is a placeholder. */
export type NoResult =
  | { type: 'error'; error: RpcErrorObject; isUncoded?: boolean }
  | { type: 'invalid'; reason: string }

export type RpcMessage = { type: 'result'; result: unknown } | NoResult

/** The response to a batch: one message per id, in their order (`undefined` without an answer), or one for all of them. */
export type RpcBatch = { type: 'members'; members: readonly (RpcMessage | undefined)[] } | NoResult

/**
 * The code for an error that came without one. No node uses 0 and viem maps it to no class, so only the text, the method and
 * the HTTP status classify such an error.
 */
const NO_CODE = 0

/** Throws what `JSON.stringify` throws (BigInt, cycle). Missing params become `[]`: some servers insist on the member. */
export function buildMessage(request: RpcRequest, id: number): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method: request.method, params: request.params ?? [] })
}

/** @param messages as `buildMessage` made them. */
export function buildBatch(messages: readonly string[]): string {
  return `[${messages.join(',')}]`
}

export function readBody(text: string, id: number): RpcMessage {
  const body = parseJson(text)
  return body === undefined ? unreadable(text) : readMessage(body, id)
}

/** The members of a response may stand in any order. JSON that is neither a batch nor an error answers none of the ids. */
export function readBatch(text: string, ids: readonly number[]): RpcBatch {
  const body = parseJson(text)
  if (body === undefined) return unreadable(text)
  const items: readonly unknown[] = Array.isArray(body) ? body : [body]
  const byId = new Map<string, unknown>()
  for (const item of Array.isArray(body) ? items : []) {
    const key = isObject(item) ? keyOf(item.id) : undefined
    if (key !== undefined && !byId.has(key)) byId.set(key, item)
  }
  const members = ids.map((id) => (byId.has(`${id}`) ? readMessage(byId.get(`${id}`), id) : undefined))
  const [first] = items
  // If no id is answered, the first error is meant for the whole batch, whatever its id is.
  if (members.every((member) => member === undefined) && isObject(first) && first.result === undefined) {
    const whole = readMessage({ ...first, id: null }, 0)
    if (whole.type === 'error') return whole
  }
  return { type: 'members', members }
}

export function readMessage(body: unknown, id: number): RpcMessage {
  if (!isObject(body)) return invalid(Array.isArray(body) ? 'an array' : 'not an object')
  const { jsonrpc, id: answered, result, code, message } = body
  if (jsonrpc === '1.0') return invalid('another version of JSON-RPC')
  // Some servers send `false` or `''` for "no error".
  const error = body.error || undefined
  if (error === undefined && result === undefined) {
    // Gateways send the error object itself, without the envelope.
    const isBare = typeof code === 'number' && typeof message === 'string'
    return isBare ? readError(body) : invalid('neither result nor error')
  }
  if (keyOf(answered) !== `${id}` && (error === undefined || answered != null)) return invalid('another id')
  return error === undefined ? { type: 'result', result } : readError(error)
}

/** Some servers send errors without a code; those are taken. A code that is not a number is no JSON-RPC. */
function readError(error: unknown): RpcMessage {
  if (typeof error === 'string') return readError({ message: error })
  if (!isObject(error)) return invalid('an error that is no object')
  const { message, data } = error
  const code = error.code ?? undefined
  if (code !== undefined && typeof code !== 'number') return invalid('an error code that is no number')
  if (code === undefined && typeof message !== 'string') return invalid('an error without code and message')
  return {
    type: 'error',
    error: {
      code: code ?? NO_CODE,
      message: typeof message === 'string' ? message : '',
      ...(data === undefined ? {} : { data }),
    },
    ...(code === undefined && { isUncoded: true }),
  }
}

/** The value of a JSON text; `undefined` if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // it does not matter what the parser disliked
  }
}

function unreadable(text: string) {
  return invalid(text.trim() ? 'not JSON' : 'empty body')
}

/** A number or a text as text. Other values are no ids, and converting them to text could throw. */
function keyOf(id: unknown): string | undefined {
  return typeof id === 'number' || typeof id === 'string' ? `${id}` : undefined
}

/** An object that came as JSON. None of these names is on `Object.prototype`, so what is read is the object's own. */
type JsonObject = { readonly [name in 'jsonrpc' | 'id' | 'result' | 'error' | 'code' | 'message' | 'data']?: unknown }

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(reason: string): NoResult {
  return { type: 'invalid', reason }
}
