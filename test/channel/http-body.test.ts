// The body that an HTTP channel reads: how long it may be, and in which pieces it comes.

import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createHttpChannel } from '../../src/channel/http'
import { ResponseBodyTooLargeError } from '../../src/errors'
import { failureOf } from '../../src/rpc/failure'
import { errorOf } from '../support/rejection'
import { answering, bodyOf, call } from './http-channels'
import { listen } from './loopback'

describe('body', () => {
  test('behavior: one that is a stream of another kind is read whole, as that of node-fetch', async () => {
    const fetched = async (_: unknown, { body }: RequestInit = {}) =>
      Object.defineProperty(Response.json({ id: JSON.parse(body as string).id, result: '0x1' }), 'body', { value: {} })
    const channel = createHttpChannel({ url: 'https://a.example', provider: 'one', fetch: fetched as typeof fetch })
    expect(await channel.request(call)).toBe('0x1')
  })

  const big = (id: number) => ({ id, result: 'x'.repeat(2_000) })

  test('error: over the limit, announced', async () => {
    const { url } = await listen(async (request, response) => {
      const text = JSON.stringify(big((await bodyOf(request)).id))
      response.writeHead(200, { 'content-length': text.length }).end(text)
    })
    const error = await errorOf(createHttpChannel({ url, provider: 'one', maxResponseBodySize: 1_000 }).request(call))
    expect(error).toBeInstanceOf(ResponseBodyTooLargeError)
    expect(error).toMatchObject({ maxSize: 1_000, size: 2_020, details: 'The response is larger than 1000 bytes.' })
  })

  test('error: over the limit, not announced', async () => {
    const closed = deferred()
    const { url } = await listen(async (_, response) => {
      response.on('close', closed.resolve)
      response.write(' '.repeat(900))
      setImmediate(() => response.write(' '.repeat(900)))
    })
    const error = await errorOf(createHttpChannel({ url, provider: 'one', maxResponseBodySize: 1_000 }).request(call))
    expect(error).toMatchObject({ name: 'ResponseBodyTooLargeError', maxSize: 1_000 })
    await closed.promise
  })

  test('error: small when packed, over the limit when unpacked', async () => {
    const { url } = await listen((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(' '.repeat(1_000_000)))
    })
    const error = await errorOf(createHttpChannel({ url, provider: 'one', maxResponseBodySize: 10_000 }).request(call))
    expect(error.name).toBe('ResponseBodyTooLargeError')
  })

  test.each([
    [500, 'server-error', 'channel'],
    [429, 'rate-limit', 'nobody'],
    [401, 'auth', 'provider'],
  ])(
    'given a body that never ends, with %i, then it is a %s and no more is read than its beginning',
    async (status, kind, blame) => {
      const closed = deferred()
      let sent = 0
      const { url } = await listen((_, response) => {
        response.writeHead(status, { 'retry-after': '3' }).on('close', closed.resolve)
        const pour = () => {
          if (response.destroyed) return
          sent += 65_536
          response.write('a'.repeat(65_536), pour)
        }
        pour()
      })
      const error = await errorOf(createHttpChannel({ url, provider: 'one' }).request(call))
      expect(failureOf(error, call)).toMatchObject({ kind, blame, status, retryAfter: 3_000 })
      await closed.promise
      // What fits into the buffers of two sockets has left as well.
      expect(sent).toBeLessThan(8_000_000)
    },
  )

  test('behavior: an error of half a megabyte is read whole, whatever is announced', async () => {
    const data = `0x${'ab'.repeat(250_000)}`
    const { channel } = await answering({
      status: 500,
      body: (id) => ({ id, error: { code: 3, message: 'no', data } }),
    })
    expect(await errorOf(channel.request(call))).toMatchObject({ code: 3, status: 500, data })
  })

  test('behavior: an error status says what it is though its body is cut off', async () => {
    const { url } = await listen((_, response) => {
      response.writeHead(429, { 'retry-after': '3' }).write('slow', () => response.destroy())
    })
    const error = await errorOf(createHttpChannel({ url, provider: 'one' }).request(call))
    expect(failureOf(error, call)).toMatchObject({ kind: 'rate-limit', status: 429, retryAfter: 3_000 })
  })

  test('behavior: aborted while an error is read', async () => {
    const controller = new AbortController()
    const { url } = await listen((_, response) => {
      response.writeHead(500).write('half a page', () => setImmediate(() => controller.abort('enough')))
    })
    const channel = createHttpChannel({ url, provider: 'one' })
    await expect(channel.request(call, { signal: controller.signal })).rejects.toBe('enough')
  })

  test('behavior: exactly the limit is read', async () => {
    const { url } = await listen(async (request, response) => {
      const text = JSON.stringify({ id: (await bodyOf(request)).id, result: 'é' })
      response.end(text.padEnd(999, ' ')) // 'é' takes two bytes
    })
    expect(await createHttpChannel({ url, provider: 'one', maxResponseBodySize: 1_000 }).request(call)).toBe('é')
  })

  test('behavior: compressed', async () => {
    const { url } = await listen(async (request, response) => {
      const { id } = await bodyOf(request)
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify({ id, result: 'packed' })))
    })
    expect(await createHttpChannel({ url, provider: 'one' }).request(call)).toBe('packed')
  })

  test('behavior: characters split over chunks', async () => {
    const { url } = await listen(async (request, response) => {
      const bytes = Buffer.from(JSON.stringify({ id: (await bodyOf(request)).id, result: 'añ€😀' }))
      for (const byte of bytes) await new Promise((resolve) => response.write(Buffer.of(byte), resolve))
      response.end()
    })
    expect(await createHttpChannel({ url, provider: 'one' }).request(call)).toBe('añ€😀')
  })

  test('behavior: a platform without streams', async () => {
    const answer = { ok: true, status: 200, headers: new Headers(), text: async () => '{"id":1,"result":"whole"}' }
    const channel = createHttpChannel({ url: 'http://test', provider: 'one', fetch: async () => answer as Response })
    expect(await channel.request(call)).toBe('whole')
  })

  test('error: a request that cannot be encoded is sent to nobody and blames nobody', async () => {
    const { channel, seen } = await answering({ body: (id) => ({ id, result: 1 }) })
    const error = await errorOf(channel.request({ method: 'eth_call', params: [1n] }))
    expect(error).toBeInstanceOf(TypeError)
    expect(seen).toEqual([])
  })
})

function deferred<T = void>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((resolve_) => {
    resolve = resolve_
  })
  return { promise, resolve }
}
