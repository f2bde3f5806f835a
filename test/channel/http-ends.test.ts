// How a request over an HTTP channel ends before it is answered: by the network, or by an abort.

import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { HttpRequestError } from 'viem'
import { describe, expect, test } from 'vitest'
import { createHttpChannel } from '../../src/channel/http'
import { errorOf } from '../support/rejection'
import { answering, call } from './http-channels'
import { listen } from './loopback'

describe('network', () => {
  test('error: refused', async () => {
    const { server, url, port } = await listen(() => {})
    await new Promise((resolve) => server.close(resolve))
    const error = await errorOf(createHttpChannel({ url, provider: 'one' }).request(call))
    expect(error).toBeInstanceOf(HttpRequestError)
    expect(error).toMatchObject({
      details: `fetch failed: connect ECONNREFUSED 127.0.0.1:${port}`,
      url: 'one',
      body: { method: 'eth_call' },
      cause: { name: 'TypeError', cause: { code: 'ECONNREFUSED' } },
    })
    expect(error.status).toBe(undefined)
  })

  test('error: reset before the answer', async () => {
    const { url } = await listen((request) => request.socket.destroy())
    const error = await errorOf(createHttpChannel({ url, provider: 'one' }).request(call))
    expect(error).toMatchObject({
      name: 'HttpRequestError',
      cause: { cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) } },
    })
  })

  test('error: reset in the middle of the body', async () => {
    const { url } = await listen((request, response) => {
      response.write('{"jsonrpc"', () => request.socket.resetAndDestroy())
    })
    const error = await errorOf(createHttpChannel({ url, provider: 'one' }).request(call))
    expect(error).toMatchObject({ name: 'HttpRequestError', url: 'one' })
    expect(error.details).toMatch(/^terminated/)
  })

  test('error: no such host', async () => {
    const channel = createHttpChannel({ url: 'http://a1b2c3d4e5f6.invalid/a-very-secret-key', provider: 'one' })
    const error = await errorOf(channel.request(call))
    expect(error).toMatchObject({ name: 'HttpRequestError', cause: { cause: { code: expect.stringMatching(/^E/) } } })
    expect(inspect(error, { showHidden: true, depth: null })).not.toMatch(/a1b2c3d4e5f6|a-very-secret-key/)
  })
})

describe('abort', () => {
  test('default: while it hangs; the server sees the connection go', async () => {
    const arrived = deferred<ServerResponse>()
    const { url } = await listen((_, response) => arrived.resolve(response))
    const controller = new AbortController()
    const reason = new Error('enough')
    const pending = errorOf(createHttpChannel({ url, provider: 'one' }).request(call, { signal: controller.signal }))
    const response = await arrived.promise
    const closed = new Promise((resolve) => response.on('close', resolve))
    controller.abort(reason)
    expect(await pending).toBe(reason)
    await closed
  })

  test('behavior: in the middle of the body', async () => {
    const sent = deferred<ServerResponse>()
    const { url } = await listen((_, response) => {
      response.write('{"jsonrpc":', () => sent.resolve(response))
    })
    const controller = new AbortController()
    const pending = errorOf(createHttpChannel({ url, provider: 'one' }).request(call, { signal: controller.signal }))
    const response = await sent.promise
    const closed = new Promise((resolve) => response.on('close', resolve))
    controller.abort('enough')
    expect(await pending).toBe('enough')
    await closed
  })

  test('behavior: before it starts; nothing is sent', async () => {
    const { channel, seen } = await answering({ body: (id) => ({ id, result: 1 }) })
    expect(await errorOf(channel.request(call, { signal: AbortSignal.abort('no') }))).toBe('no')
    expect(seen).toEqual([])
  })

  test('behavior: while headers are asked for', async () => {
    const controller = new AbortController()
    const channel = createHttpChannel({
      url: 'http://127.0.0.1:9',
      provider: 'one',
      headers: () => new Promise(() => {}),
    })
    const pending = errorOf(channel.request(call, { signal: controller.signal }))
    controller.abort('enough')
    expect(await pending).toBe('enough')
  })

  test('behavior: after the answer nothing happens', async () => {
    const { channel } = await answering({ body: (id) => ({ id, result: 1 }) })
    const controller = new AbortController()
    expect(await channel.request(call, { signal: controller.signal })).toBe(1)
    controller.abort()
  })
})
function deferred<T = void>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((resolve_) => {
    resolve = resolve_
  })
  return { promise, resolve }
}
