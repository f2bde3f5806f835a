// What one answer to a whole batch means, for real wordings.

import { describe, expect, test } from 'vitest'
import { refusalOf } from '../../src/rpc/batch-refusal'
import { failureOf } from '../../src/rpc/failure'
import { httpError, networkError, rpcError } from '../support/errors'

const method = 'eth_getBalance'
const of = (error: unknown, size = 20) => refusalOf(failureOf(error, { method }), size)

describe('refusalOf', () => {
  test.each([
    ['Batch requests are not supported', -32600, 1],
    ['Batched requests are not supported by this server', -32005, 1],
    ['Batch size too large. Maximum is 10', -32005, 10],
    ['The batch request was too large: 20 requests, limit 5', -32010, 5],
    ['batch too large', -32600, 10],
    ['batch size limit exceeded', -32000, 10],
    ['Invalid Request', -32600, 1],
    ['Parse error', -32700, 1],
  ])('default: "%s" says how many it takes', (message, code, most) => {
    expect(of(rpcError(code, message))).toEqual({ most })
  })

  test('behavior: a number that is not below the size is the size', () => {
    expect(of(rpcError(-32005, 'Batch size too large. Maximum is 100'), 20)).toEqual({ most: 10 })
    expect(of(rpcError(-32005, 'Batch size too large. Maximum is 100'), 200)).toEqual({ most: 100 })
  })

  test('behavior: a megabyte of numbers is searched like a few', () => {
    expect(of(rpcError(-32005, `Batch size too large: ${'7 '.repeat(500_000)}`))).toEqual({ most: 7 })
  })

  test.each([
    ['a page with 404', httpError(404, '<html>not here</html>'), 1],
    ['a text with 400', httpError(400, 'Bad Request'), 1],
    ['413', httpError(413, ''), 10],
  ])('default: %s is a refusal', (_, error, most) => {
    expect(of(error)).toEqual({ most })
  })

  test.each([
    ['a revert', rpcError(3, 'execution reverted')],
    ['an internal error', rpcError(-32603, 'Internal error')],
    ['words that nothing is known about', rpcError(-32000, 'the moon is full')],
  ])('behavior: %s is about one of them: they are asked singly, and nothing is learned', (_, error) => {
    expect(of(error)).toEqual({})
  })

  test.each([
    ['429', httpError(429, '')],
    ['a rate limit', rpcError(-32005, 'rate limit exceeded')],
    ['a quota', rpcError(-32000, 'monthly quota exceeded')],
    ['401', httpError(401, '')],
    ['503', httpError(503, '<html>down</html>')],
    ['a refused connection', networkError()],
  ])('behavior: %s is an answer to each of them', (_, error) => {
    expect(of(error)).toBeUndefined()
  })
})
