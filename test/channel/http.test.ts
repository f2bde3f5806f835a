// An HTTP channel over real servers on the loopback interface: what is an answer, and what an error of which kind.

import { inspect } from 'node:util'
import { HttpRequestError, RpcRequestError } from 'viem'
import { describe, expect, test, vi } from 'vitest'
import { createHttpChannel } from '../../src/channel/http'
import { InvalidResponseError } from '../../src/errors'
import { failureOf } from '../../src/rpc/failure'
import { errorOf } from '../support/rejection'
import { answering, bodyOf, call } from './http-channels'
import { afterwards, listen } from './loopback'

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
    expect({ type: channel.type, signals: channel.signals }).toEqual({ type: 'http', signals: 'platform' })
  })

  test('behavior: fetch is looked up at each call', async () => {
    const { channel } = await answering({ body: (id) => ({ id, result: 1 }) })
    const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('{"id":1,"result":"mocked"}'))
    afterwards(spy.mockRestore)
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
