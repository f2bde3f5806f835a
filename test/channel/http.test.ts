import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { HttpRequestError, RpcRequestError } from 'viem'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { HttpChannelOptions } from '../../src/channel/http'
import { createHttpChannel } from '../../src/channel/http'
import { InvalidResponseError, ResponseBodyTooLargeError } from '../../src/errors'
import { failureOf } from '../../src/rpc/failure'

const cleanups: (() => void)[] = []

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
  vi.restoreAllMocks()
})

async function listen(listener: RequestListener) {
  const server = createServer(listener)
  let sockets = 0
  server.on('connection', () => sockets++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { server, port, url: `http://127.0.0.1:${port}/v2/a-very-secret-key`, sockets: () => sockets }
}

async function bodyOf(request: IncomingMessage) {
  let text = ''
  for await (const chunk of request) text += chunk
  return JSON.parse(text)
}

type Answer = { status?: number; headers?: Record<string, string>; body: string | ((id: number) => unknown) }

/** A channel to a server that gives one answer to everything. */
async function answering({ status = 200, headers = {}, body }: Answer, options: Partial<HttpChannelOptions> = {}) {
  const seen: { method: string; headers: IncomingMessage['headers']; path: string; body: any }[] = []
  const { url, ...rest } = await listen(async (request, response) => {
    const message = await bodyOf(request)
    seen.push({ method: request.method!, headers: request.headers, path: request.url!, body: message })
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body(message.id)))
  })
  return { ...rest, seen, url, channel: createHttpChannel({ url, provider: 'one', ...options }) }
}

const call = { method: 'eth_call', params: [{ to: '0xabc' }, 'latest'] }

function errorOf(promise: Promise<unknown>): Promise<any> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${inspect(value)}`)
    },
    (error) => error,
  )
}

describe('createHttpChannel', () => {
  test('default', async () => {
    const { channel, seen } = await answering({ body: (id) => ({ jsonrpc: '2.0', id, result: '0x1' }) })
    expect(await channel.request(call)).toBe('0x1')
    expect(await channel.request({ method: 'eth_blockNumber' })).toBe('0x1')
    expect(seen.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
      { method: 'POST', path: '/v2/a-very-secret-key', body: { jsonrpc: '2.0', id: 1, ...call } },
      {
        method: 'POST',
        path: '/v2/a-very-secret-key',
        body: { jsonrpc: '2.0', id: 2, method: 'eth_blockNumber', params: [] },
      },
    ])
    expect(seen[0]?.headers['content-type']).toBe('application/json')
    expect({ type: channel.type, canAbort: channel.canAbort }).toEqual({ type: 'http', canAbort: true })
  })

  test('behavior: fetch is looked up at each call', async () => {
    const { channel } = await answering({ body: (id) => ({ id, result: 1 }) })
    const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('{"id":1,"result":"mocked"}'))
    expect(await channel.request(call)).toBe('mocked')
    expect(spy).toHaveBeenCalledOnce()
  })

  test('behavior: a connection is used again, also after errors', async () => {
    let count = 0
    const { url, sockets } = await listen(async (request, response) => {
      const { id } = await bodyOf(request)
      count++
      if (count % 3 === 0) return response.writeHead(500).end('<html>down</html>')
      response.end(JSON.stringify(count % 3 === 1 ? { id, result: count } : { id, error: { code: 3, message: 'no' } }))
    })
    const channel = createHttpChannel({ url, provider: 'one' })
    for (let i = 0; i < 30; i++) await channel.request(call).catch(() => undefined)
    expect(count).toBe(30)
    // fetch opens a second one when the first is not yet back in its pool.
    expect(sockets()).toBeLessThanOrEqual(2)
  })
})

describe('strictness', () => {
  test.each([
    ['null', null],
    ['false', false],
    ['0', 0],
    ['an empty text', ''],
    ['an empty list', []],
  ])('default: %s is a result', async (_, result) => {
    const { channel } = await answering({ body: (id) => ({ id, result }) })
    expect(await channel.request(call)).toEqual(result)
  })

  test.each<[string, (id: number) => unknown]>([
    ['jsonrpc is missing', (id) => ({ id, result: 7 })],
    ['the id is a text', (id) => ({ jsonrpc: '2.0', id: String(id), result: 7 })],
    ['error is null', (id) => ({ jsonrpc: '2.0', id, error: null, result: 7 })],
  ])('behavior: is an answer though %s', async (_, body) => {
    const { channel } = await answering({ body })
    expect(await channel.request(call)).toBe(7)
  })

  test.each<[string, string | ((id: number) => unknown), string]>([
    ['HTML', '<html>Bad gateway</html>', 'not JSON'],
    ['truncated JSON', '{"jsonrpc":"2.0","id":1,"resu', 'not JSON'],
    ['plain text', 'rate limited', 'not JSON'],
    ['an empty body', '', 'empty body'],
    ['another id', (id) => ({ id: id + 1, result: 1 }), 'another id'],
    ['no id on a result', () => ({ result: 1 }), 'another id'],
    ['a null id on a result', () => ({ id: null, result: 1 }), 'another id'],
    ['a notification', () => ({ method: 'eth_subscription', params: { result: {} } }), 'neither result nor error'],
    ['an array', (id) => [{ id, result: 1 }], 'an array'],
    ['a text', () => 'fine', 'not an object'],
    ['null', () => null, 'not an object'],
    ['neither field', (id) => ({ id }), 'neither result nor error'],
  ])('error: %s is no response', async (_, body, reason) => {
    const { channel } = await answering({ body })
    const error = await errorOf(channel.request(call))
    expect(error).toBeInstanceOf(InvalidResponseError)
    expect(error).toMatchObject({ name: 'InvalidResponseError', status: 200 })
    expect(error.metaMessages).toContain(`Reason: ${reason}`)
    expect(error.details ?? '').toBe(typeof body === 'string' ? body : JSON.stringify(body(1)))
  })

  test.each<[string, (id: number) => unknown]>([
    ['its id', (id) => ({ id, error: { code: 3, message: 'reverted', data: '0x08' } })],
    ['a null id', () => ({ id: null, error: { code: 3, message: 'reverted', data: '0x08' } })],
    ['no id', () => ({ error: { code: 3, message: 'reverted', data: '0x08' } })],
    ['a result beside it', (id) => ({ id, result: 1, error: { code: 3, message: 'reverted', data: '0x08' } })],
  ])('error: a JSON-RPC error with %s', async (_, body) => {
    const { channel } = await answering({ body })
    const error = await errorOf(channel.request(call))
    expect(error).toBeInstanceOf(RpcRequestError)
    expect(error).toMatchObject({ code: 3, data: '0x08', details: 'reverted', url: 'one' })
    expect({ status: error.status, headers: error.headers }).toEqual({ status: undefined, headers: undefined })
    expect(error.message.replace(/Version: .*/, '')).toBe(
      'RPC Request failed.\n\nURL: one\nRequest body: {"method":"eth_call"}\n\nDetails: reverted\n',
    )
  })

  test('error: an error that is a text is a message', async () => {
    const { channel } = await answering({ body: (id) => ({ id, error: 'slow down' }) })
    expect(await errorOf(channel.request(call))).toMatchObject({ name: 'RpcRequestError', details: 'slow down' })
  })

  test('error: data passes by value, of any shape', async () => {
    const data = { rate: { backoff_seconds: 3 }, list: [null, '0x1', { deep: true }] }
    const { channel } = await answering({ body: (id) => ({ id, error: { code: -32005, message: 'limit', data } }) })
    expect((await errorOf(channel.request(call))).data).toEqual(data)
  })
})

describe('HTTP status', () => {
  test.each([400, 429, 500, 503])(
    'behavior: %i with a JSON-RPC error keeps class, status and Retry-After',
    async (status) => {
      const { channel } = await answering({
        status,
        headers: { 'retry-after': '7', 'set-cookie': 'session=cookie-of-the-session' },
        body: (id) => ({ id, error: { code: -32005, message: 'limit' } }),
      })
      const error = await errorOf(channel.request(call))
      expect(error).toBeInstanceOf(RpcRequestError)
      expect(error).toMatchObject({ code: -32005, status })
      expect([...error.headers]).toEqual([
        ['content-type', 'application/json'],
        ['date', expect.any(String)],
        ['retry-after', '7'],
      ])
      expect(inspect(error, { showHidden: true, depth: null })).not.toContain('cookie-of-the-session')
    },
  )

  test('behavior: Retry-After is kept with 200 too', async () => {
    const { channel } = await answering({
      headers: { 'retry-after': '7' },
      body: (id) => ({ id, error: { code: 429, message: 'limit' } }),
    })
    const error = await errorOf(channel.request(call))
    expect({ status: error.status, after: error.headers.get('retry-after') }).toEqual({ status: undefined, after: '7' })
  })

  test('behavior: what is kept of the headers shows no secret', async () => {
    const headers = { 'retry-after': '7;key=a-very-secret-key', 'content-type': 'text/a-very-secret-key' }
    for (const body of ['slow down', (id: number) => ({ id, error: { code: -32005, message: 'limit' } })]) {
      const { channel } = await answering({ status: 429, headers, body })
      const error = await errorOf(channel.request(call))
      expect([error.headers.get('retry-after'), error.headers.get('content-type')]).toEqual(['7;key=***', 'text/***'])
    }
  })

  test('behavior: a Retry-After that is a date is told by the clock of the server', async () => {
    const headers = { 'retry-after': 'Wed, 21 Oct 2015 07:28:30 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' }
    const { channel } = await answering({ status: 429, headers, body: 'slow down' })
    const wallTime = Date.parse('2026-01-01')
    expect(failureOf(await errorOf(channel.request(call)), { ...call, wallTime })).toMatchObject({ retryAfter: 30_000 })
  })

  test('behavior: the body decides, a result counts with any status', async () => {
    const { channel } = await answering({ status: 500, body: (id) => ({ id, result: '0x5' }) })
    expect(await channel.request(call)).toBe('0x5')
  })

  test.each([
    [404, '{"error":"not found at /v2/a-very-secret-key"}'],
    [401, '{"error":{"message":"bad a-very-secret-key"}}'],
    [500, '{"jsonrpc":"2.0","id":null,"error":{"code":null,"message":"no"}}'],
  ])('error: %i with an error that has no code is what http() makes of it', async (status, body) => {
    const { channel } = await answering({ status, body })
    const error = await errorOf(channel.request(call))
    expect(error).toBeInstanceOf(HttpRequestError)
    expect(error).toMatchObject({ status, details: body.replace('a-very-secret-key', '***'), url: 'one' })
  })

  test.each([
    ['a status of success', 200, '{"error":"not found"}'],
    ['a code', 404, '{"error":{"code":0,"message":"not found"}}'],
  ])('behavior: with %s it is a JSON-RPC error', async (_, status, body) => {
    const { channel } = await answering({ status, body })
    expect(await errorOf(channel.request(call))).toMatchObject({
      name: 'RpcRequestError',
      ...{ code: 0, details: 'not found' },
    })
  })

  test.each([403, 502])('error: %i with HTML', async (status) => {
    const { channel } = await answering({ status, headers: { 'retry-after': '9' }, body: '<html>nope</html>' })
    const error = await errorOf(channel.request(call))
    expect(error).toBeInstanceOf(HttpRequestError)
    expect(error).toMatchObject({ status, details: '<html>nope</html>', body: { method: 'eth_call' }, url: 'one' })
    expect(error.headers.get('retry-after')).toBe('9')
  })

  test('error: an empty body is told by its status text', async () => {
    const { channel } = await answering({ status: 404, body: '' })
    expect(await errorOf(channel.request(call))).toMatchObject({ status: 404, details: 'Not Found' })
  })

  test('error: details are cut after secrets are taken out', async () => {
    const body = `${'x'.repeat(505)}a-very-secret-key${'y'.repeat(600)}`
    const { channel } = await answering({ status: 500, body })
    const { details } = await errorOf(channel.request(call))
    expect(details).toBe(`${'x'.repeat(505)}***yyyy`)
  })

  test('behavior: redirects are followed as fetch does', async () => {
    const { url: to } = await answering({ body: (id) => ({ id, result: 'there' }) })
    const { url } = await listen((_, response) => response.writeHead(307, { location: to }).end())
    expect(await createHttpChannel({ url, provider: 'one' }).request(call)).toBe('there')
  })
})

describe('body', () => {
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

  test('error: a URL that fetch refuses', async () => {
    const error = await errorOf(createHttpChannel({ url: 'not a url, but secret', provider: 'one' }).request(call))
    expect(error.name).toBe('HttpRequestError')
    expect(inspect(error, { showHidden: true, depth: null })).not.toContain('but secret')
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

describe('headers', () => {
  const body = (id: number) => ({ id, result: 1 })

  test('default: a record, whatever the case of its names', async () => {
    const { channel, seen } = await answering(
      { body },
      { headers: { 'X-Token': 'abc', 'Content-Type': 'application/json; charset=utf-8' } },
    )
    await channel.request(call)
    expect(seen[0]?.headers).toMatchObject({ 'x-token': 'abc', 'content-type': 'application/json; charset=utf-8' })
  })

  test('behavior: a function, asked for each request', async () => {
    let count = 0
    const { channel, seen } = await answering({ body }, { headers: () => ({ 'x-token': `token-${++count}` }) })
    await channel.request(call)
    await channel.request(call)
    expect(seen.map(({ headers }) => headers['x-token'])).toEqual(['token-1', 'token-2'])
  })

  test('behavior: a function that returns a promise', async () => {
    const { channel, seen } = await answering({ body }, { headers: async () => ({ authorization: 'Bearer abc' }) })
    await channel.request(call, { signal: new AbortController().signal })
    expect(seen[0]?.headers.authorization).toBe('Bearer abc')
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no token today')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no token today'))],
  ])('error: a function that %s fails this request only', async (_, headers) => {
    const { channel, seen } = await answering({ body }, { headers })
    const error = await errorOf(channel.request(call))
    expect(error).toMatchObject({
      name: 'HttpRequestError',
      details: 'The `headers` function failed: no token today',
      url: 'one',
      cause: { message: 'no token today' },
    })
    expect(seen).toEqual([])
  })

  test.each([
    [undefined],
    [5],
    [new Headers({ 'x-token': 'abc' })],
    [{ 'x-token': 'token-of-the\n-day' }],
    [{ 'x y': 'z' }],
  ])('error: a function that gives %o: nothing is sent, and nobody is blamed', async (given) => {
    const { channel, seen } = await answering({ body }, { headers: () => given as never })
    const error = await errorOf(channel.request(call))
    expect(error).toMatchObject({
      details: 'The `headers` function failed: it must give an object of texts that can be sent as headers',
      url: 'one',
    })
    expect(inspect(error, { showHidden: true, depth: null })).not.toMatch(/-of-the|-day/)
    expect(failureOf(error, call)).toMatchObject({ kind: 'network', blame: 'nobody', isUntouched: true })
    expect(seen).toEqual([])
  })

  test('error: header values appear nowhere, static or not', async () => {
    const echo = await listen((request, response) =>
      response.writeHead(401).end(`bad: ${request.headers.authorization}`),
    )
    const headers = { authorization: 'Bearer token-of-the-day' }
    for (const given of [headers, () => headers]) {
      const error = await errorOf(createHttpChannel({ url: echo.url, provider: 'one', headers: given }).request(call))
      expect(error.details).toBe('bad: ***')
      expect(inspect(error, { showHidden: true, depth: null })).not.toContain('token-of-the-day')
    }
  })

  test('error: a value that cannot be sent is not shown either', async () => {
    for (const value of ['token-of-the\n-day', 'tokén-of-the-day-€']) {
      const headers = () => ({ 'x-token': value })
      const channel = createHttpChannel({ url: 'http://127.0.0.1:9', provider: 'one', headers })
      const error = await errorOf(channel.request(call))
      expect(error.name).toBe('HttpRequestError')
      expect(inspect(error, { showHidden: true, depth: null })).not.toMatch(/-of-the|day/)
    }
  })

  test.each([
    ['some%40user:pass%3Aword', 'some@user:pass:word'],
    ['us€r:pässword', 'us€r:pässword'],
    ['user:100%zz', 'user:100%zz'],
  ])('behavior: user info of the URL (%s) is sent as Basic, and not shown', async (info, pair) => {
    const basic = Buffer.from(pair).toString('base64')
    const { port, seen } = await answering({ body: (id) => ({ id, error: { code: 1, message: `no ${basic}` } }) })
    const url = `http://${info}@127.0.0.1:${port}/x?y=1`
    const error = await errorOf(createHttpChannel({ url, provider: 'one' }).request(call))
    expect(seen[0]).toMatchObject({ path: '/x?y=1', headers: { authorization: `Basic ${basic}` } })
    expect(error.details).toBe('no ***')
  })
})

function deferred<T = void>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((resolve_) => {
    resolve = resolve_
  })
  return { promise, resolve }
}
