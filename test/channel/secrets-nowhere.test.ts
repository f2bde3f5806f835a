// Endpoints, keys and params in nothing that a program may print, whatever goes wrong and in which channel.

import type { RequestListener } from 'node:http'
import { BaseError, fallback, http, webSocket } from 'viem'
import { mainnet } from 'viem/chains'
import { describe, expect, test } from 'vitest'
import { createHttpChannel } from '../../src/channel/http'
import { createViemChannel } from '../../src/channel/viem'
import { listen } from './loopback'
import { call, print } from './printed'

describe('behavior 128: endpoints, keys and params appear nowhere', () => {
  const secret = /path-key-1|query-key-2|user-name|pass-word|header-key-3|set-by-server|params-of-the-call|deadbeef/
  const urlOf = (port: number, host = '127.0.0.1') =>
    `http://user-name:pass-word@${host}:${port}/v2/path-key-1?key=query-key-2`
  const echo: RequestListener = (request, response) => {
    const { url: path, headers } = request
    const said = `${path} http://127.0.0.1:${request.socket.localPort}${path} ${headers.authorization} ${headers['x-key']} ${atob((headers.authorization ?? '').slice(6))}`
    const [status, kind] = [Number(headers['x-status'] ?? 200), headers['x-kind']]
    response.setHeader('set-cookie', 'a=set-by-server')
    if (kind === 'reset') return request.socket.destroy()
    const body =
      kind === 'rpc'
        ? JSON.stringify({ id: null, error: { code: -32000, message: said, data: { said: [said] } } })
        : said
    response.writeHead(status, { 'content-type': kind === 'rpc' ? 'application/json' : 'text/plain' }).end(body)
  }
  const kinds = [
    { 'x-kind': 'rpc' },
    { 'x-kind': 'rpc', 'x-status': '429' },
    { 'x-kind': 'text' },
    { 'x-kind': 'text', 'x-status': '503' },
    { 'x-kind': 'reset' },
  ]

  async function failureOf(promise: Promise<unknown>) {
    const error = await promise.then(
      () => undefined,
      (reason) => reason,
    )
    expect(error).toBeDefined()
    return error
  }

  test.each(kinds)('http URL, %o', async (kind) => {
    const { port } = await listen(echo)
    const channel = createHttpChannel({
      url: urlOf(port),
      provider: 'one',
      headers: { ...kind, 'x-key': 'header-key-3' },
    })
    expect(print(await failureOf(channel.request(call)))).not.toMatch(secret)
  })

  test.each(kinds)('viem http() and nested fallback(), %o', async (kind) => {
    const { port } = await listen(echo)
    const options = { fetchOptions: { headers: { ...kind, 'x-key': 'header-key-3' } }, retryCount: 0 }
    const entry = http(urlOf(port), options)
    for (const made of [entry, fallback([fallback([entry], { retryCount: 0 })], { retryCount: 0 })]) {
      const channel = createViemChannel({
        transport: made({ chain: mainnet, retryCount: 0 }),
        type: 'http',
        provider: 'one',
      })
      const error = await failureOf(channel.request(call))
      expect(error).toBeInstanceOf(BaseError)
      expect(print(error)).not.toMatch(secret)
    }
  })

  test('nobody listens, no such host, a port that is refused', async () => {
    const { server, port } = await listen(echo)
    await new Promise((resolve) => server.close(resolve))
    for (const url of [urlOf(port), urlOf(1), urlOf(port, 'a1b2c3d4e5.invalid')]) {
      const channels = [
        createHttpChannel({ url, provider: 'one' }),
        createViemChannel({ transport: http(url)({ retryCount: 0 }), type: 'http', provider: 'one' }),
      ]
      for (const channel of channels) {
        const printed = print(await failureOf(channel.request(call)))
        expect(printed).not.toMatch(secret)
        expect(printed).not.toContain('a1b2c3d4e5')
        expect(printed).toContain('HttpRequestError')
      }
    }
  })

  test('a socket entry, whose URL viem hides in a closure', async () => {
    const { server, port } = await listen((_, response) => response.writeHead(404).end())
    const refused = webSocket(`ws://127.0.0.1:${port}/v2/path-key-1`, { retryCount: 0, reconnect: false })
    const channel = createViemChannel({ transport: refused({ retryCount: 0 }), type: 'ws', provider: 'one' })
    const error = await failureOf(channel.request(call))
    expect(error).toMatchObject({ name: 'WebSocketRequestError', url: 'one' })
    expect(print(error)).not.toMatch(secret)
    await new Promise((resolve) => server.close(resolve))
    const nested = createViemChannel({
      transport: fallback([webSocket(`ws://127.0.0.1:${port}/v3/path-key-1`, { retryCount: 0, reconnect: false })])({
        retryCount: 0,
      }),
      type: 'ws',
      provider: 'one',
    })
    expect(print(await failureOf(nested.request(call)))).not.toMatch(secret)
  })
})
