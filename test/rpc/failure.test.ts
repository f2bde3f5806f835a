import { describe, expect, test } from 'vitest'
import { failureOf } from '../../src/rpc/failure'
import { rpcError } from '../support/errors'
import type { ProviderErrorRow } from '../support/provider-error'
import { errorOfRow, providerErrors } from '../support/provider-error'
import { WORDINGS } from './failure-wordings'

const call = { method: 'eth_call' }
const logs = { method: 'eth_getLogs' }
const send = { method: 'eth_sendRawTransaction' }
const kindOf = (error: unknown, context: Parameters<typeof failureOf>[1] = call) => failureOf(error, context).kind

describe('the table of real provider errors', () => {
  const rows = providerErrors().filter((row) => !row.ambiguous && row.fidelity !== 'schematic')
  const classified = rows.map((row) => {
    const method = row.method ?? ''
    return { row, method, failure: failureOf(errorOfRow(row), { method, params: row.params ?? undefined }) }
  })
  const misses = (isRight: (entry: (typeof classified)[number]) => boolean) =>
    classified
      .filter((entry) => !isRight(entry))
      .map(({ row, failure }) => `${row.id}: ${JSON.stringify(row.error ?? row.bodyText)} is ${failure.kind}`)
  const atLeast = (share: number, missed: string[]) =>
    expect(1 - missed.length / rows.length, missed.join('\n')).toBeGreaterThanOrEqual(share)

  test('54: kind is right', () => {
    atLeast(
      0.99,
      misses(({ row, failure }) => failure.kind === row.expected.kind),
    )
  })

  test('54: failing over is right', () => {
    atLeast(
      0.99,
      misses(({ row, failure }) => (failure.verdict === 'next') === row.expected.failover),
    )
  })

  test('54: blame is right', () => {
    const isRight = ({ blamed }: ProviderErrorRow['expected'], blame: string) =>
      (blamed ?? blame !== 'nobody') === (blame !== 'nobody')
    atLeast(
      0.99,
      misses(({ row, failure }) => isRight(row.expected, failure.blame)),
    )
  })

  test('ranges are read where they are given', () => {
    const ranges = classified.filter(({ row }) => row.expected.retryRange && row.params)
    expect(ranges.length).toBeGreaterThan(20)
    for (const { row, failure } of ranges) {
      const from = Number((row.params as [{ fromBlock: string }])[0].fromBlock)
      const { suggestedRange, maxBlockRange = 0 } = failure
      const { fromBlock, toBlock } = suggestedRange ?? { fromBlock: from, toBlock: from + maxBlockRange - 1 }
      expect([fromBlock, toBlock], `${row.id}`).toEqual(row.expected.retryRange?.map(Number))
    }
  })
})

test('wordings beyond the table', () => {
  let expected = ''
  const missed: string[] = []
  for (const line of WORDINGS.trim().split('\n')) {
    if (line.startsWith('# ')) expected = line.slice(2)
    else {
      const [, method = '', code, message = '', data] = /^(\S+) (-?\d+) (.*?)(?: \|\| (.*))?$/.exec(line) ?? []
      const { kind, verdict, blame } = failureOf(rpcError(Number(code), message, data), { method })
      if (`${kind} ${verdict} ${blame}` !== expected)
        missed.push(`${line}: ${kind} ${verdict} ${blame}, not ${expected}`)
    }
  }
  expect(missed).toEqual([])
})

describe('reverts', () => {
  const panic = `0x4e487b71${'0'.repeat(64)}`
  const reason = `0x08C379A0${'0'.repeat(64)}`

  test('55: -32000 and revert data (any case, or in data.data) is a revert; too-short data falls through', () => {
    for (const data of [panic, reason, { data: panic }, { data: { data: reason } }, `Reverted ${panic}`])
      expect(kindOf(rpcError(-32000, 'server error', data))).toBe('reverted')
    expect(kindOf(rpcError(-32000, 'server error', '0x08c379'))).toBe('unknown')
    expect(kindOf(rpcError(-32000, 'server error', '0x'))).toBe('unknown')
  })

  test('behavior: revert data outranks any text, and the contract may say what it likes', () => {
    expect(kindOf(rpcError(3, 'rate limit exceeded', '0x12345678'))).toBe('reverted')
    expect(kindOf(rpcError(-32000, 'rate limit exceeded', panic))).toBe('reverted')
    expect(kindOf(rpcError(-32000, 'execution reverted: rate limit exceeded'))).toBe('reverted')
    expect(kindOf(rpcError(-32000, 'execution reverted: insufficient funds, please try again'))).toBe('reverted')
  })

  test('behavior: code 3 of a send is no revert', () => {
    expect(failureOf(rpcError(3, 'nonce too low. allowed nonce range: 1 - 9, actual: 0', '0x'), send)).toMatchObject({
      kind: 'transaction-rejected',
      transaction: 'nonce-taken',
    })
  })
})

describe('words, codes and the method', () => {
  test('56: -32601 "not available", -32602 "block not found", -32603 "range too large"', () => {
    expect(kindOf(rpcError(-32601, 'not available'))).toBe('unsupported-method')
    expect(kindOf(rpcError(-32602, 'block not found'))).toBe('block-not-available')
    expect(kindOf(rpcError(-32603, 'range too large'), logs)).toBe('range-too-large')
  })

  test('57: "unknown blockchain", "transaction could not be found", "contract could not be found" are no missing block', () => {
    for (const message of ['unknown blockchain', 'transaction could not be found', 'contract could not be found'])
      expect(kindOf(rpcError(-32000, message))).not.toBe('block-not-available')
  })

  test('behavior: the blocks decide about "invalid block range"', () => {
    const params = (fromBlock: string, toBlock: string) => ({ ...logs, params: [{ fromBlock, toBlock }] })
    const error = rpcError(-32602, 'invalid block range')
    expect(failureOf(error, params('0x20', '0x10'))).toMatchObject({ kind: 'invalid-params', verdict: 'final' })
    expect(failureOf(error, params('0x10', '0x20'))).toMatchObject({ kind: 'block-not-available', verdict: 'next' })
    expect(failureOf(error, params('0x10', 'latest'))).toMatchObject({ kind: 'block-not-available' })
  })

  test('behavior: bad params are final where the error is about params, also inside that of a wallet', () => {
    const verdictOf = (...error: Parameters<typeof rpcError>) => failureOf(rpcError(...error), call).verdict
    expect(verdictOf(-32602, 'invalid type: null, expected a string')).toBe('final')
    expect(verdictOf(-32602, '')).toBe('final')
    expect(verdictOf(-32603, 'Internal JSON-RPC error.', { code: -32602, message: 'expected an array' })).toBe('final')
    expect(verdictOf(-32603, 'missing field "result"')).toBe('next')
    // What the gateway could not read may be the answer to a write.
    expect(failureOf(rpcError(-32603, 'missing field "result"'), call).isUntouched).toBe(false)
    expect(verdictOf(-32602, 'contact sales')).toBe('next')
  })

  test('behavior: what is out of service, or not in the plan, is no unknown method and no used up quota', () => {
    for (const message of ['rpc error: code = Unavailable desc = ', 'RPC node is unavailable', 'API is unavailable'])
      expect(failureOf(rpcError(-32000, message), call).isMethodUnknown, message).toBeUndefined()
    const plan =
      'Trace requests are not available on your current plan, see the Billing page: https://a.example/billing'
    expect(kindOf(rpcError(-32002, plan), { method: 'trace_block' })).toBe('unsupported-method')
  })

  test('behavior: a wide eth_getLogs that left a gateway without backends is too wide', () => {
    const error = rpcError(-32011, 'no backend is currently healthy to serve traffic', undefined, { status: 503 })
    const params = [{ fromBlock: '0x0', toBlock: '0x4e20' }]
    expect(failureOf(error, { ...logs, params })).toMatchObject({ kind: 'range-too-large', blame: 'nobody' })
    expect(failureOf(error, logs)).toMatchObject({ kind: 'server-error', blame: 'channel' })
  })

  test('behavior: "insufficient balance" is a bill where no transaction is meant', () => {
    const error = rpcError(-32000, 'insufficient balance')
    expect(failureOf(error, { method: 'eth_getBalance' }).verdict).toBe('next')
    expect(failureOf(error, send)).toMatchObject({ verdict: 'final', transaction: 'rule' })
  })

  test('23: -32000 with unrecognised text goes on without blame', () => {
    expect(failureOf(rpcError(-32000, 'hm'), call)).toEqual({
      kind: 'unknown',
      verdict: 'next',
      blame: 'nobody',
      isRpc: true,
      isUntouched: false,
      code: -32000,
      message: 'hm',
    })
  })

  test('6: the body decides, then the status', () => {
    expect(kindOf(rpcError(3, 'execution reverted', '0x', { status: 400 }))).toBe('reverted')
    expect(kindOf(rpcError(-32000, 'hm', undefined, { status: 403 }))).toBe('auth')
    expect(kindOf(rpcError(-32000, 'hm', undefined, { status: 429 }))).toBe('rate-limit')
    expect(kindOf(rpcError(-32000, 'hm', undefined, { status: 500 }))).toBe('server-error')
    expect(kindOf(rpcError(-32602, 'hm', undefined, { status: 500 }))).toBe('invalid-params')
    expect(kindOf(rpcError(-32600, 'hm', undefined, { status: 401 }))).toBe('auth')
    expect(kindOf(rpcError(-32602, 'hm', undefined, { status: 429 }))).toBe('rate-limit')
  })

  test('behavior: "please retry" says less than a status of 5xx, which counts against the channel', () => {
    const blameOf = (status?: number) =>
      failureOf(rpcError(-32000, 'Temporary internal error. Please retry', undefined, { status }), call).blame
    expect([blameOf(), blameOf(500)]).toEqual(['nobody', 'channel'])
  })

  test('behavior: a method is learned as unknown for its name only', () => {
    const isMethodUnknown = (message: string, code = -32601) => failureOf(rpcError(code, message), call).isMethodUnknown
    expect(isMethodUnknown('the method trace_block does not exist/is not available')).toBe(true)
    expect(isMethodUnknown('', -32004)).toBe(true)
    expect(isMethodUnknown('unsupported tracer', -32603)).toBeUndefined()
    expect(isMethodUnknown('no "newHeads" subscription in eth namespace')).toBeUndefined()
    for (const text of ['Method is not available on the free plan', 'only on paid plans', 'only for premium users'])
      expect(isMethodUnknown(text, -32000), text).toBeUndefined()
    expect(isMethodUnknown('Transaction pool not enabled', -32002)).toBeUndefined()
  })

  test.each([
    [-32500, "AA21 didn't pay prefund"],
    [-32501, 'paymaster not whitelisted'],
    [-32507, 'Invalid UserOperation signature or paymaster signature'],
  ])('behavior: ERC-7769: what a bundler says of a user operation is final: %i %s', (code, message) => {
    const failed = rpcError(code, message)
    expect(failureOf(failed, { method: 'eth_sendUserOperation' })).toMatchObject({
      kind: 'transaction-rejected',
      verdict: 'final',
      blame: 'nobody',
    })
  })

  test('behavior: ERC-7769: another bundler may think better of a paymaster, also where the words are those of a refusal', () => {
    const failed = rpcError(-32504, 'invalid signer: banned')
    expect(failureOf(failed, { method: 'eth_sendUserOperation' })).toMatchObject({
      kind: 'transaction-rejected',
      verdict: 'next',
      isUntouched: true,
    })
  })

  test('behavior: the error of a wallet inside its internal one; a number of EIP-1193 from elsewhere means nothing', () => {
    const inside = (code: number, inner: number) =>
      failureOf(rpcError(code, 'hm', { originalError: { code: inner, message: 'hm' } }), {
        method: 'eth_sendTransaction',
      })
    expect(inside(-32603, 4902)).toMatchObject({ kind: 'invalid-params', verdict: 'final' })
    expect(inside(-32603, 4001)).toMatchObject({ kind: 'user-rejected', verdict: 'final' })
    expect(inside(-32603, 5000).verdict).toBe('next')
    expect(inside(-32000, 4001).verdict).toBe('next')
  })

  test("behavior: words in the method's own name mean nothing", () => {
    const failed = rpcError(-32000, 'eth_sendRawTransaction is not permitted')
    expect(failureOf(failed, send).verdict).toBe('next')
    expect(kindOf(rpcError(-32000, 'eth_newFilter is not permitted'), { method: 'eth_newFilter' })).not.toBe(
      'filter-not-found',
    )
  })

  test('behavior: what does not run again says nothing about the bill; what is to run may', () => {
    const failed = rpcError(-32000, 'tracing failed: insufficient funds for gas * price + value')
    for (const method of ['debug_traceBlockByNumber', 'debug_traceTransaction', 'trace_replayBlockTransactions'])
      expect(failureOf(failed, { method }), method).toMatchObject({ kind: 'unknown', verdict: 'next' })
    for (const method of ['debug_traceCall', 'trace_callMany', 'trace_rawTransaction'])
      expect(failureOf(failed, { method }), method).toMatchObject({ kind: 'transaction-rejected', verdict: 'final' })
  })

  test('behavior: EIP-7966: code 4 is final, the transaction may be on its way', () => {
    const error = rpcError(4, "Transaction was added to the mempool but wasn't confirmed within 2s")
    const failure = failureOf(error, { method: 'eth_sendRawTransactionSync' })
    expect(failure).toMatchObject({ kind: 'timeout', verdict: 'final', blame: 'nobody', isUntouched: false })
  })

  test('behavior: what a raw send may conclude', () => {
    const transactionOf = (message: string) => failureOf(rpcError(-32000, message), send).transaction
    expect(transactionOf('already known')).toBe('known')
    expect(transactionOf('Transaction with the same hash was already imported.')).toBe('known')
    for (const message of [
      'nonce too low',
      'OwnNonceAlreadyUsed',
      'replacement transaction underpriced',
      'transaction already finalized',
      'INTERNAL_ERROR: could not replace existing tx',
      'a transaction with this nonce already exists in the pool',
    ])
      expect(transactionOf(message), message).toBe('nonce-taken')
    expect(transactionOf('txpool is full')).toBe('policy')
    for (const message of ['mempool has reached its maximum size', 'sender is in the blocklist', 'pool is overloaded'])
      expect(transactionOf(message), message).toBe('policy')
    expect(transactionOf('intrinsic gas too low')).toBe('rule')
    expect(transactionOf('hm')).toBeUndefined()
  })
})

describe("the provider's own rules", () => {
  const rules = (...list: NonNullable<Parameters<typeof failureOf>[1]['rules']>[number][]) => ({ ...call, rules: list })

  test('58: code and message must both match, the first match wins and beats the built-in rules', () => {
    const error = rpcError(-32000, 'Execution reverted')
    expect(kindOf(error, rules({ code: -32000, message: 'REVERTED', kind: 'quota' }))).toBe('quota')
    expect(kindOf(error, rules({ code: -32001, message: 'reverted', kind: 'quota' }))).toBe('reverted')
    expect(kindOf(error, rules({ code: -32000, message: 'other', kind: 'quota' }))).toBe('reverted')
    expect(kindOf(error, rules({ message: /^Exec/g, kind: 'auth' }, { code: -32000, kind: 'quota' }))).toBe('auth')
  })

  test('58: a rule needing text does not match an error without text', () => {
    expect(kindOf(rpcError(-32000, ''), rules({ code: -32000, message: /.*/, kind: 'quota' }))).toBe('unknown')
  })

  test('behavior: a global pattern matches every time', () => {
    const context = rules({ message: /odd/g, kind: 'quota' })
    for (let at = 0; at < 3; at++) expect(kindOf(rpcError(1, 'odd'), context)).toBe('quota')
  })
})
