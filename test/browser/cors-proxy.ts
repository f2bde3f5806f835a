// A provider's front door with the CORS headers of a test's choice: to preflights, and to answers. Knows bytes, not JSON-RPC.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listen } from '../support/listening'

export type CorsProxy = {
  readonly url: string
  /** Of the requests that arrived: the methods. */
  readonly arrived: readonly string[]
  /** Changes what it says from now on. */
  say(headers: CorsHeaders): void
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export type CorsHeaders = {
  /** Of a preflight. @default 204 */
  readonly status?: number | undefined
  readonly preflight: Readonly<Record<string, string>>
  readonly answer: Readonly<Record<string, string>>
}

/** What lets every page in. */
export const usable: CorsHeaders = {
  preflight: { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'content-type' },
  answer: { 'access-control-allow-origin': '*' },
}

/** @param nodeUrl `http:` URL of the node */
export async function createCorsProxy(nodeUrl: string, headers: CorsHeaders): Promise<CorsProxy> {
  const arrived: string[] = []
  let now = headers
  const server = createServer(async (request, response) => {
    const { method = '' } = request
    arrived.push(method)
    if (method === 'OPTIONS') return response.writeHead(now.status ?? 204, now.preflight).end()
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const type = { 'content-type': 'application/json' }
    const answer = await fetch(nodeUrl, { method, headers: type, body: Buffer.concat(chunks) })
    response.writeHead(answer.status, { ...type, ...now.answer }).end(await answer.text())
  })
  await listen(server, 0)

  async function close() {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    say(headers) {
      now = headers
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
