// What is taken out of texts and errors: endpoints, headers and what is known to be secret.

import { BaseError, HttpRequestError, RpcRequestError, TimeoutError } from 'viem'
import { describe, expect, test } from 'vitest'
import type { Secrets } from '../../src/channel/secrets'
import { createRedactor, secretLabels } from '../../src/channel/secrets'
import { call, print } from './printed'

/** A redactor that knows some secrets. */
function redactorOf(known: Secrets) {
  const redactor = createRedactor()
  redactor.add(known)
  return redactor
}

const source = { provider: 'one', method: 'eth_call' }

describe('text', () => {
  const url =
    'https://user-name:pass%20word%21@rpc.example/v2/path-key-1/a%2Fb-key-2?apikey=query%2Bkey-3&x=1&bare-key-4#hash-key-5'
  const redactor = redactorOf({ urls: [url], headers: ['Bearer header-key-6', 'header-key-7'] })

  test.each([
    ['the URL', url, '***'],
    ['a segment', 'GET /v2/path-key-1/x', 'GET /v2/***/x'],
    ['a segment, encoded', 'a%2Fb-key-2', '***'],
    ['a segment, decoded', 'a/b-key-2', '***'],
    ['a query value, encoded', 'apikey=query%2Bkey-3', 'apikey=***'],
    ['a query value, decoded', 'key query+key-3 is over', 'key *** is over'],
    ['a query without a name', 'bare-key-4', '***'],
    ['the hash', 'hash-key-5', '***'],
    ['a user', 'user-name', '***'],
    ['a password, encoded', 'pass%20word%21', '***'],
    ['a password, decoded', 'pass word!', '***'],
    ['both as a header', `Basic ${btoa('user-name:pass word!')}`, 'Basic ***'],
    ['a header', 'Bearer header-key-6', '***'],
    ['a token of a header', 'token header-key-6 expired', 'token *** expired'],
    ['another header', 'header-key-7', '***'],
    ['several', 'path-key-1 path-key-1 header-key-7', '*** *** ***'],
    ['short parts', 'v2, x=1, rpc.example', 'v2, x=1, rpc.example'],
    ['other words', 'execution reverted: 0x', 'execution reverted: 0x'],
  ])('default: %s', (_, text, expected) => {
    expect(redactor.text(text)).toBe(expected)
  })

  test('behavior: the URL as viem and fetch print it', () => {
    const withUser = redactorOf({ urls: ['HTTP://user:pw@Host.example:80/abc'] })
    expect(withUser.text('to http://user:pw@host.example/abc and http://host.example/abc')).toBe('to *** and ***')
    expect(redactorOf({ urls: ['http://host.example'] }).text('at http://host.example/')).toBe('at ***')
  })

  test('behavior: secrets of 7 characters are words, of 8 are secrets', () => {
    const { text } = redactorOf({ urls: ['http://h/1234567/12345678'] })
    expect(text('1234567 12345678')).toBe('1234567 ***')
  })

  test('behavior: what is no URL is a secret as a whole', () => {
    const { text } = redactorOf({
      urls: ['/home/user/geth.ipc', '%E0%A4%A malformed'],
      headers: ['\ud800 lone surrogate'],
    })
    expect(text('at /home/user/geth.ipc or %E0%A4%A malformed or \ud800 lone surrogate')).toBe('at *** or *** or ***')
  })

  test('behavior: passing secrets are bounded, lasting ones stay', () => {
    const redactor = redactorOf({ headers: ['lasting-key'] })
    for (let i = 0; i < 2_000; i++) redactor.addPassing({ headers: [`passing-key-${i}`] })
    expect(redactor.text('lasting-key passing-key-1999 passing-key-1900')).toBe('*** *** ***')
    expect(redactor.text('passing-key-3')).toBe('passing-key-3')
  })
})

describe('secretLabels', () => {
  test.each([
    ['rpc.example', []],
    ['eth-mainnet.g.alchemy.com', []],
    ['ethereum-sepolia-rpc.publicnode.com', []],
    ['mainnet.infura.io', []],
    ['arb1.arbitrum.io', []],
    ['localhost', []],
    ['10.0.0.5', []],
    ['[2001:db8::8a2e:370:7334]', []],
    ['0123456789abcdef0123456789abcdef.rpc.example', ['0123456789abcdef0123456789abcdef']],
    ['a1b2c3d4.rpc.example', ['a1b2c3d4']],
    ['nd-422-757-666.p2pify.com', ['nd-422-757-666']],
    ['cool-blue-shard.ethereum-mainnet.quiknode.pro', ['cool-blue-shard']],
  ])('default: %s', (host, labels) => {
    expect(secretLabels(host)).toEqual(labels)
  })

  test('behavior: a random label is a secret', () => {
    const { text } = redactorOf({ urls: ['https://a1b2c3d4.rpc.example/x'] })
    expect(text('getaddrinfo ENOTFOUND a1b2c3d4.rpc.example')).toBe('getaddrinfo ENOTFOUND ***.rpc.example')
  })
})

describe('clean', () => {
  const url = 'https://rpc.example/v2/path-key-1'
  const make = () => redactorOf({ urls: [url] })

  test("default: viem's errors get id and method", () => {
    const error = new HttpRequestError({
      body: call,
      details: 'down',
      headers: new Headers({ 'set-cookie': 'x', 'retry-after': '7 of path-key-1' }),
      status: 503,
      url,
    })
    expect(make().clean(error, source)).toBe(error)
    expect(error).toMatchObject({ name: 'HttpRequestError', url: 'one', body: { method: 'eth_call' }, status: 503 })
    expect([...error.headers!]).toEqual([['retry-after', '7 of ***']])
    expect(error.message.replace(/Version.*/, '')).toBe(
      'HTTP request failed.\n\nStatus: 503\nURL: one\nRequest body: {"method":"eth_call"}\n\nDetails: down\n',
    )
    expect(error.stack).toContain(`Error: ${error.message}\n    at `)
    expect(print(error)).not.toMatch(/path-key-1|params-of-the-call/)
  })

  test('behavior: an error cleaned before is cleaned again', () => {
    const error = new TimeoutError({ body: call, url })
    const redactor = make()
    redactor.clean(error, source)
    const { message } = error
    expect(redactor.clean(error, source)).toBe(error)
    expect(error.message).toBe(message)
  })

  test('behavior: a provider id with special characters is taken as it is', () => {
    const error = new TimeoutError({ body: call, url })
    make().clean(error, { provider: "$& $' path-key-1", method: 'eth_call' })
    expect(error.metaMessages).toEqual(["URL: $& $' path-key-1", 'Request body: {"method":"eth_call"}'])
  })

  test('behavior: data without secrets is the same object, data with one a copy', () => {
    const data = { list: ['0x', { deep: [1, null, 'fine'] }] }
    const error = new RpcRequestError({ body: call, error: { code: 3, message: 'no', data }, url })
    make().clean(error, source)
    expect(error.data).toBe(data)
    expect((error.cause as any).data).toBe(data)

    const bad = { list: [data, { deep: [1n, new Date(0), `at ${url}`], 'path-key-1': true }] }
    const other = new RpcRequestError({ body: call, error: { code: -32000, message: `no ${url}`, data: bad }, url })
    make().clean(other, source)
    expect(other).toMatchObject({ code: -32000, details: 'no ***', cause: { code: -32000, message: 'no ***' } })
    expect(other.data).toEqual({ list: [data, { deep: [1n, new Date(0), 'at ***'], '***': true }] })
    expect((other.data as any).list[0]).toBe(data)
    expect((other.cause as any).data).toBe(other.data)
    expect(bad.list[1]).toHaveProperty('path-key-1')
  })

  test('behavior: messages of a provider that look like viem lines stay', () => {
    const message = 'URL: https://docs.example\nRequest body: too large'
    const error = new RpcRequestError({ body: call, error: { code: 1, message }, url })
    make().clean(error, source)
    expect(error.details).toBe(message)
    expect(error.message).toContain(message)
  })

  test('behavior: huge texts are passed on', () => {
    const data = `0x${'ab'.repeat(2_000_000)}`
    const error = new RpcRequestError({ body: call, error: { code: 3, message: 'no', data }, url })
    make().clean(error, source)
    expect(error.data).toBe(data)
  })

  test('behavior: cycles, depth and width are bounded', () => {
    const cycle: any = { text: 'path-key-1' }
    cycle.self = [cycle]
    const clean = make().clean({ cycle }, source) as any
    expect(clean.cycle.text).toBe('***')
    expect(clean.cycle.self[0]).toBe(clean.cycle)

    let deep: any = { text: url }
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(make().clean({ deep }, source)).toBeTypeOf('object')
    const wide = Array.from({ length: 20_000 }, () => url)
    expect(make().clean({ wide }, source)).toEqual({ wide: '***' })

    let chain = new Error(url)
    for (let i = 0; i < 1_000; i++) chain = new Error(url, { cause: chain })
    let length = 0
    for (let one: any = make().clean(chain, source); one; one = one.cause, length++) expect(one.message).toBe('***')
    expect(length).toBe(1_001)
  })

  test('behavior: causes, lists of errors, hidden fields and symbols', () => {
    const inner = Object.assign(new Error(`refused ${url}`), { code: 'ECONNREFUSED', [Symbol('at')]: url })
    Object.defineProperty(inner, 'hidden', { value: { url }, enumerable: false, configurable: true, writable: true })
    const error = new TypeError('fetch failed', { cause: new AggregateError([inner, `text ${url}`], `all ${url}`) })
    const clean: any = make().clean(error, source)
    expect(clean).toBe(error)
    expect(clean.cause.errors[0]).toBe(inner)
    expect(inner).toMatchObject({ code: 'ECONNREFUSED', message: 'refused ***' })
    expect(Object.getOwnPropertyDescriptor(inner, 'hidden')).toMatchObject({ enumerable: false, value: { url: '***' } })
    expect(print(error)).not.toContain('path-key-1')
  })

  test('behavior: what cannot be written to is copied, of the same class', () => {
    class WalletError extends Error {
      override name = 'WalletError'
      code = 4001
      data = Object.freeze({ at: url })
    }
    const frozen = Object.freeze(new WalletError(`denied at ${url}`))
    const clean: any = make().clean(frozen, source)
    expect(clean).not.toBe(frozen)
    expect(clean).toBeInstanceOf(WalletError)
    expect(clean).toMatchObject({ name: 'WalletError', code: 4001, message: 'denied at ***', data: { at: '***' } })
    expect(print(clean)).not.toContain('path-key-1')
    const outer = new BaseError('outer', { cause: frozen })
    make().clean(outer, source)
    expect(outer.cause).toBeInstanceOf(WalletError)
    expect(print(outer)).not.toContain('path-key-1')
    const spotless = Object.freeze(new WalletError('denied'))
    expect(redactorOf({ urls: ['http://other.example/other-key'] }).clean(spotless, source)).toBe(spotless)
  })

  test('behavior: a DOMException whose message holds a secret', () => {
    const clean: any = make().clean(new DOMException(`bad ${url}`, 'SyntaxError'), source)
    expect(clean).toMatchObject({ name: 'SyntaxError', message: 'bad ***', code: 12 })
    expect(print(clean)).not.toContain('path-key-1')
    const abort = new DOMException('aborted', 'AbortError')
    expect(make().clean(abort, source)).toBe(abort)
  })

  test('behavior: objects that keep things to themselves are masked, but not where there are no secrets', () => {
    const opaque = () =>
      Object.assign(new Error('x'), { request: new Request(url), at: new URL(url), map: new Map([[url, url]]) })
    const clean: any = make().clean(opaque(), source)
    expect(clean).toMatchObject({ request: '***', at: '***', map: '***' })
    expect(print(clean)).not.toContain('path-key-1')
    const map = new Map([[1, 2]])
    expect(createRedactor().clean(Object.assign(new Error('x'), { map }), source)).toMatchObject({ map })
  })

  test('behavior: an object of a class of its own is no error, but cleaned like one', () => {
    class Denied {
      constructor(
        readonly code: number,
        readonly message: string,
      ) {}
    }
    const spotless = new Denied(4001, 'denied')
    expect(make().clean(spotless, source)).toBe(spotless)
    const clean = make().clean(new Denied(4001, `denied at ${url}`), source)
    expect(clean).toBeInstanceOf(Denied)
    expect(clean).toMatchObject({ code: 4001, message: 'denied at ***' })
  })

  test('behavior: an event of a socket becomes an error of viem, with the error it tells of', () => {
    const cause = Object.assign(new Error(`refused ${url}`), { code: 'ECONNREFUSED' })
    class SocketEvent {
      type = 'error'
      target = { url: 'wss://other.example/another-key' }
      error = cause
    }
    const clean: any = redactorOf({ urls: [url] }).clean(new SocketEvent(), source)
    expect(clean).toMatchObject({ name: 'WebSocketRequestError', url: 'one', cause, details: 'refused ***' })
    const bare: any = createRedactor().clean(Object.assign(new Event('error'), {}), source)
    expect(bare).toBeInstanceOf(Event)
  })

  test('behavior: whatever is thrown comes back, and nothing throws', () => {
    const redactor = make()
    for (const value of [undefined, null, 0, false, 7n, Symbol.iterator, 'text'])
      expect(redactor.clean(value, source)).toBe(value)
    expect(redactor.clean(`at ${url}`, source)).toBe('at ***')
    const thrown = Object.assign(Object.create(null), { code: 4001, message: Object.create(null) })
    expect(redactor.clean(thrown, source)).toBe(thrown)
    const getter = Object.defineProperty(new Error('x'), 'data', {
      get: () => {
        throw new Error(url)
      },
      enumerable: true,
    })
    expect(redactor.clean(getter, source)).toBe(getter)
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    expect(redactor.clean(revoked.proxy, source)).toBeInstanceOf(BaseError)
    expect(redactor.clean({ inner: revoked.proxy }, source)).toBeInstanceOf(BaseError)
    const bytes = Object.assign(new Error('x'), { data: new Uint8Array(1_000_000) })
    expect((redactor.clean(bytes, source) as any).data).toHaveLength(1_000_000)
  })

  test('behavior: getters that give a secret give it no more', () => {
    const error = Object.defineProperty(new Error('x'), 'data', {
      get: () => url,
      enumerable: true,
      configurable: true,
    })
    expect(JSON.stringify(make().clean(error, source))).toBe('{"data":"***"}')
  })
})
