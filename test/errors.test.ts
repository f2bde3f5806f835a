import { BaseError } from 'viem'
import { describe, expect, test } from 'vitest'
import type { AttemptSummary } from '../src/errors'
import {
  AllProvidersFailedError,
  ChainMismatchError,
  InvalidOptionsError,
  InvalidResponseError,
  NoProviderError,
  SubscriptionGapError,
  TransportClosedError,
} from '../src/errors'

/** The message without viem's version. */
const print = (error: Error) => error.message.replace(/\n?Version: viem@.*/, '')

const attempt = (provider: string, rest: Partial<AttemptSummary> = {}): AttemptSummary => ({
  provider,
  channel: 'http',
  kind: 'timeout',
  duration: 6_000.4,
  error: new Error('not printed'),
  ...rest,
})

describe('AllProvidersFailedError', () => {
  test('default', () => {
    const attempts = [attempt('own-node'), attempt('vendor', { channel: 'ws', kind: 'server-error', duration: 12 })]
    const error = new AllProvidersFailedError({ method: 'eth_call', attempts })
    expect(error).toBeInstanceOf(BaseError)
    expect(error).toMatchObject({
      name: 'AllProvidersFailedError',
      method: 'eth_call',
      attempts,
      retryAfter: undefined,
    })
    expect('code' in error).toBe(false)
    expect(print(error)).toMatchInlineSnapshot(`
      "No provider could answer "eth_call".

      Attempts:
        own-node  http  timeout       6000 ms
        vendor    ws    server-error  12 ms
      "
    `)
  })

  test('behavior: the deadline, a time to come back, a cause', () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:1')
    const attempts = [attempt('own-node', { kind: 'network' })]
    const error = new AllProvidersFailedError({
      method: 'eth_call',
      attempts,
      retryAfter: 1_200.1,
      timeout: 10_000,
      cause,
    })
    expect(error).toMatchObject({ retryAfter: 1_200.1, cause })
    expect(print(error)).toMatchInlineSnapshot(`
      "No provider could answer "eth_call".

      Timeout: 10000 ms
      Retry after: 1201 ms
      Attempts:
        own-node  http  network  6000 ms

      Details: connect ECONNREFUSED 127.0.0.1:1"
    `)
  })

  test('behavior: no attempt was made', () => {
    expect(print(new AllProvidersFailedError({ method: 'eth_call', attempts: [] }))).toMatchInlineSnapshot(`
      "No provider could answer "eth_call".

      Attempts: none
      "
    `)
  })

  test('behavior: what kept those that were not asked', () => {
    const idle = [
      ['own-node', 'http', 'was at its limit'],
      ['vendor', 'ws', 'was down'],
    ]
    expect(print(new AllProvidersFailedError({ method: 'eth_call', attempts: [], idle }))).toMatchInlineSnapshot(`
      "No provider could answer "eth_call".

      Attempts: none
        own-node  http  was at its limit
        vendor    ws    was down
      "
    `)
  })

  test('behavior: many attempts are counted, not listed', () => {
    const attempts = Array.from({ length: 50 }, (_, i) => attempt(`p-${i}`))
    const error = new AllProvidersFailedError({ method: 'eth_call', attempts })
    expect(error.attempts).toHaveLength(50)
    expect(error.metaMessages).toHaveLength(22)
    expect(error.metaMessages?.at(-1)).toBe('  ... and 30 more')
  })
})

describe('NoProviderError', () => {
  test('default', () => {
    const reasons = [
      { provider: 'own-node', reason: 'excluded' },
      { provider: 'vendor-of-many', reason: 'not listed for this method' },
    ]
    const error = new NoProviderError({ method: 'trace_block', reasons })
    expect(error).toMatchObject({ name: 'NoProviderError', method: 'trace_block', reasons })
    expect(print(error)).toMatchInlineSnapshot(`
      "No provider may be asked for "trace_block".

        own-node        excluded
        vendor-of-many  not listed for this method
      "
    `)
  })
})

describe('InvalidResponseError', () => {
  test('default', () => {
    const error = new InvalidResponseError({
      provider: 'own-node',
      method: 'eth_call',
      reason: 'not JSON',
      status: 200,
      body: `<html>${'x'.repeat(1_000)}`,
    })
    expect(error).toMatchObject({ name: 'InvalidResponseError', status: 200 })
    expect(error.details).toHaveLength(512)
    expect(print(error).replace(/x+/, 'x')).toMatchInlineSnapshot(`
      "The provider sent a response that is not JSON-RPC.

      Provider: own-node
      Method: eth_call
      Status: 200
      Reason: not JSON

      Details: <html>x"
    `)
  })

  test('behavior: without status and body', () => {
    const error = new InvalidResponseError({ provider: 'wallet', method: 'eth_call', reason: 'no result' })
    expect(print(error)).toMatchInlineSnapshot(`
      "The provider sent a response that is not JSON-RPC.

      Provider: wallet
      Method: eth_call
      Reason: no result
      "
    `)
  })
})

describe('InvalidOptionsError', () => {
  const describeValue = (value: unknown) =>
    /, but it is (.*)\.$/.exec(new InvalidOptionsError({ path: 'a', rule: 'must be b', value }).shortMessage)?.[1]

  test('default', () => {
    const error = new InvalidOptionsError({ path: 'providers[0].weight', rule: 'must be a positive number', value: -1 })
    expect(error).toMatchObject({
      name: 'InvalidOptionsError',
      path: 'providers[0].weight',
      rule: 'must be a positive number',
    })
    expect(print(error)).toMatchInlineSnapshot(`
      "Option \`providers[0].weight\` must be a positive number, but it is -1.
      "
    `)
  })

  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [Number.NaN, 'NaN'],
    [true, 'true'],
    [7n, '7n'],
    [Symbol('x'), 'Symbol(x)'],
    ['', '""'],
    ['fast\nest', '"fast\\nest"'],
    ['https://vendor.example/v2/a-secret-key', 'a URL'],
    ['ftp://vendor.example', 'a URL'],
    ['vendor.example/v2/a-secret-key', 'a URL'],
    ['user:secret@vendor.example', 'a URL'],
    ['x'.repeat(500), `"${'x'.repeat(40)}..."`],
    [() => 1, 'a function'],
    [[], 'an empty array'],
    [['https://vendor.example/a-secret-key'], 'an array'],
    [{ url: 'https://vendor.example/a-secret-key' }, 'an object'],
    [new Map([['url', 'https://vendor.example/a-secret-key']]), 'a Map'],
  ])('behavior: describes %o', (value, expected) => {
    expect(describeValue(value)).toBe(expected)
  })
})

describe('ChainMismatchError', () => {
  test('default', () => {
    const error = new ChainMismatchError({ provider: 'vendor', chainId: 5 })
    expect(error.name).toBe('ChainMismatchError')
    expect(error.shortMessage).toBe('Provider "vendor" is on another chain than the client.')
    expect(error.details).toBe('"vendor" is on chain 5.')
  })
})

describe('SubscriptionGapError', () => {
  test('default', () => {
    const error = new SubscriptionGapError({ from: 5n, to: 7n, why: 'it is too wide' })
    expect(print(error)).toMatchInlineSnapshot(`
      "Events of the blocks 5 to 7 are missing from the subscription.

      Reason: it is too wide
      "
    `)
    expect([error.name, error.from, error.to]).toEqual(['SubscriptionGapError', 5n, 7n])
  })

  test('behavior: a logger can write it as JSON, alone and as a cause', () => {
    const error = new SubscriptionGapError({ from: 5n, to: 7n, why: 'it is too wide' })
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: {
        name: 'SubscriptionGapError',
        shortMessage: 'Events of the blocks 5 to 7 are missing from the subscription.',
        metaMessages: ['Reason: it is too wide'],
        version: error.version,
        from: 5,
        to: 7,
      },
    })
  })
})

describe('TransportClosedError', () => {
  test('default', () => {
    const error = new TransportClosedError()
    expect(error.name).toBe('TransportClosedError')
    expect(print(error)).toMatchInlineSnapshot(`
      "The transport is closed.
      "
    `)
  })
})
