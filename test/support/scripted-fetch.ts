// A `fetch` that answers JSON-RPC from memory, on the test's clock, and records what is posted. Knows batches.

import type { Clock } from '../../src/base/clock'

export type Posted = {
  readonly at: number
  readonly isBatch: boolean
  readonly requests: readonly { id: number; method: string; params: any[] }[]
  /** The first param of each request of the post; the method of one without params. */
  readonly asked: readonly unknown[]
  isAborted: boolean
}

/** The reply to a post: a body (text, or a value that is made JSON), an error to reject with, or nothing (`'hang'`). */
export type Reply = { body: unknown; status?: number; headers?: Record<string, string> } | Error | 'hang'

export type ScriptedFetch = {
  readonly fetch: typeof fetch
  readonly posts: readonly Posted[]
  /** How long an answer takes (in ms of the clock). */
  latency: number
  /** Makes the reply. @default answers each request with its first param, or its method */
  reply: (post: Posted) => Reply
  /** Posts in flight; `peak`: the most there were at a time. */
  readonly inFlight: number
  readonly peak: number
}

export function createScriptedFetch(clock: Clock, latency = 0): ScriptedFetch {
  const posts: Posted[] = []
  let inFlight = 0
  let peak = 0

  function send(_: unknown, { body, signal }: RequestInit = {}): Promise<Response> {
    const payload = JSON.parse(body as string)
    const requests = Array.isArray(payload) ? payload : [payload]
    const asked = requests.map(({ method, params }) => params[0] ?? method)
    const post: Posted = { at: clock.now(), isBatch: Array.isArray(payload), requests, asked, isAborted: false }
    posts.push(post)
    peak = Math.max(peak, ++inFlight)
    return new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => {
        post.isAborted = true
        reject(signal.reason)
      })
      const reply = scripted.reply(post)
      if (reply === 'hang') return
      const answer = () => (reply instanceof Error ? reject(reply) : resolve(toResponse(reply)))
      if (scripted.latency > 0) clock.after(scripted.latency, answer)
      else answer()
    }).finally(() => inFlight--)
  }

  const scripted = {
    fetch: send as typeof fetch,
    posts,
    latency,
    reply: (post: Posted): Reply => ({ body: answersOf(post) }),
    get inFlight() {
      return inFlight
    },
    get peak() {
      return peak
    },
  }
  return scripted
}

/** A good answer to a post. @param differ gives fields for the answers to some of its requests */
export function answersOf(post: Posted, differ: (asked: unknown) => object | undefined = () => undefined): unknown {
  const items = post.requests.map(({ id }, index) => {
    const asked = post.asked[index]
    return { jsonrpc: '2.0', id, ...(differ(asked) ?? { result: asked }) }
  })
  return post.isBatch ? items : items[0]
}

function toResponse({ body, status = 200, headers }: Exclude<Reply, Error | 'hang'>): Response {
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, ...(headers && { headers }) })
}
