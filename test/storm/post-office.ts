// The `fetch` of one provider of a storm. A post arrives after a latency, is answered by the node or as the present trouble
// has it, and comes back after another latency. Knows no chain.

import type { Trouble } from './faults'
import { errorRows, isSaidOf } from './faults'

export type Posted = { readonly id: number; readonly method: string; readonly params?: readonly unknown[] }

/** A JSON-RPC response without its envelope. */
export type Reply = { readonly result: unknown } | { readonly error: { code: number; message: string; data?: unknown } }

export type PostOffice = {
  readonly fetch: typeof fetch
  /** Number of posts that wait for their answers. */
  readonly pending: number
}

export type PostOfficeOptions = {
  trouble(): Trouble
  /** Whether the provider takes one more request now. */
  admits(): boolean
  canBatch: boolean
  answer(request: Posted): Reply
  after(ms: number, run: () => void): void
  arrive(run: () => void): void
  latency(): number
  chance(probability: number): boolean
}

type Response = Pick<globalThis.Response, 'ok' | 'status' | 'statusText' | 'headers' | 'body' | 'text'>

export function createPostOffice(options: PostOfficeOptions): PostOffice {
  const { trouble, admits, canBatch, answer, after, arrive, latency, chance } = options
  let pending = 0

  function send(_: unknown, { body, signal }: RequestInit = {}): Promise<Response> {
    const payload: Posted | Posted[] = JSON.parse(body as string)
    pending++
    return new Promise((resolve, reject) => {
      const settle = (run: () => void) => {
        if (isSettled) return
        isSettled = true
        pending--
        signal?.removeEventListener('abort', abort)
        run()
      }
      const abort = () => settle(() => reject(signal?.reason))
      let isSettled = false
      signal?.addEventListener('abort', abort)
      if (signal?.aborted) return abort()
      after(latency(), () => {
        if (isSettled || trouble().http === 'hanging') return
        if (trouble().http === 'refused') return arrive(() => settle(() => reject(refused())))
        const response = responseTo(payload)
        after(latency(), () => arrive(() => settle(() => resolve(response))))
      })
    })
  }

  function responseTo(payload: Posted | Posted[]): Response {
    const { http, says, share, row } = trouble()
    if (http === 'failing') return respond('<html>503 Service Unavailable</html>', 503)
    const said = says !== 'the answer' && chance(share) ? says : 'the answer'
    if (said === 'too many requests' || !admits()) return respond('Too many requests', 429, { 'retry-after': '1' })
    if (said === 'no JSON') return respond('It is a fine day.')
    if (Array.isArray(payload) && !canBatch) return respond(JSON.stringify(refusedBatch))
    const first = Array.isArray(payload) ? (payload[0] as Posted) : payload
    const words = said === 'an error' ? errorRows[row] : undefined
    if (words && isSaidOf(words, first.method)) {
      const headers = words.headers ?? {}
      if (words.bodyText !== null) return respond(words.bodyText, words.httpStatus ?? 200, headers)
      const spoken = list(payload).map(({ id }) => ({ jsonrpc: '2.0', id, error: words.error }))
      return respond(together(payload, spoken), words.httpStatus ?? 200, headers)
    }
    // The answer to another request, with that one's id.
    if (said === 'another id') return respond(together(payload, [{ jsonrpc: '2.0', id: 1_000_000, result: '0xbad' }]))
    const answers = list(payload).map((one) => ({ jsonrpc: '2.0', id: one.id, ...answer(one) }))
    // The members of a batch come in another order, as JSON-RPC 2.0 allows.
    const told = said === 'half of it' ? answers.slice(Math.ceil(answers.length / 2)) : answers.reverse()
    if (said === 'half of it' && !Array.isArray(payload)) return respond(together(payload, answers).slice(0, -9))
    return respond(together(payload, told))
  }

  return {
    fetch: send as typeof fetch,
    get pending() {
      return pending
    },
  }
}

const refusedBatch = { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'batch requests are not supported' } }

function list(payload: Posted | Posted[]): Posted[] {
  return Array.isArray(payload) ? payload : [payload]
}

function together(payload: Posted | Posted[], answers: readonly unknown[]): string {
  return JSON.stringify(Array.isArray(payload) ? answers : answers[0])
}

function refused() {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:8545'), { code: 'ECONNREFUSED' })
  return new TypeError('fetch failed', { cause })
}

/** A response with only what the channel reads of it, and no stream of the platform: that would cost more than all the rest. */
function respond(text: string, status = 200, headers: Record<string, string> = {}): Response {
  const ok = status < 300
  return { ok, status, statusText: '', headers: new Headers(headers), body: null, text: async () => text }
}
