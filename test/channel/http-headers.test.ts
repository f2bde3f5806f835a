// Headers of an HTTP channel: fixed or asked for, and shown nowhere.

import { inspect } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { createHttpChannel } from '../../src/channel/http'
import { createRedactor } from '../../src/channel/secrets'
import { failureOf } from '../../src/rpc/failure'
import { errorOf } from '../support/rejection'
import { answering, call } from './http-channels'
import { listen } from './loopback'

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

  test('behavior: a function, where the program has a global `Promise` of its own', async () => {
    const { channel, seen } = await answering({ body }, { headers: () => ({ 'x-token': 'abc' }) })
    const own = class extends Promise<unknown> {}
    vi.stubGlobal('Promise', own)
    try {
      await channel.request(call)
    } finally {
      vi.unstubAllGlobals()
    }
    expect(seen[0]?.headers['x-token']).toBe('abc')
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
      cause: { cause: { message: 'no token today' } },
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

  test('error: nor do those of a request during which many others were asked for', async () => {
    const redactor = createRedactor()
    const echo = await listen((request, response) => {
      for (let i = 0; i < 1_000; i++) redactor.addPassing({ headers: [`passing-key-${i}`] })
      response.writeHead(401).end(`bad: ${request.headers.authorization}`)
    })
    const headers = () => ({ authorization: 'Bearer token-of-the-day' })
    const error = await errorOf(createHttpChannel({ url: echo.url, provider: 'one', headers, redactor }).request(call))
    expect(error.details).toBe('bad: ***')
  })

  test('error: a value that cannot be sent is not shown either', async () => {
    for (const value of ['token-of-the\n-day', 'tokén-of-the-day-€']) {
      const headers = () => ({ 'x-token': value })
      const { channel } = await answering({ body: (id) => ({ id, result: 1 }) }, { headers })
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
