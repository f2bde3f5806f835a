// HTTP channels to servers that give one answer to everything.

import type { IncomingMessage } from 'node:http'
import type { HttpChannelOptions } from '../../src/channel/http'
import { createHttpChannel } from '../../src/channel/http'
import { listen } from './loopback'

export async function bodyOf(request: IncomingMessage) {
  let text = ''
  for await (const chunk of request) text += chunk
  return JSON.parse(text)
}

export type Answer = { status?: number; headers?: Record<string, string>; body: string | ((id: number) => unknown) }

/** A channel to a server that gives one answer to everything. */
export async function answering(
  { status = 200, headers = {}, body }: Answer,
  options: Partial<HttpChannelOptions> = {},
) {
  const seen: { method: string; headers: IncomingMessage['headers']; path: string; body: any }[] = []
  const { url, ...rest } = await listen(async (request, response) => {
    const message = await bodyOf(request)
    seen.push({ method: request.method!, headers: request.headers, path: request.url!, body: message })
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body(message.id)))
  })
  return { ...rest, seen, url, channel: createHttpChannel({ url, provider: 'one', ...options }) }
}

export const call = { method: 'eth_call', params: [{ to: '0xabc' }, 'latest'] }
