import { InvalidInputRpcError, UnknownRpcError } from 'viem'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../src/rpc/failure'
import { factsOf } from '../../src/rpc/failure-facts'
import { httpError, rpcError } from '../support/errors'

const call = { method: 'eth_call' }

describe('wallets', () => {
  test('behavior: EIP-1193 codes of plain objects', () => {
    const of = (code: number) => failureOf({ code, message: 'hm' }, { method: 'eth_sendTransaction' })
    expect(of(4001)).toMatchObject({ kind: 'user-rejected', verdict: 'final', isRpc: true, isUntouched: false })
    expect(of(5000)).toMatchObject({ kind: 'user-rejected', verdict: 'final' })
    expect(of(4100)).toMatchObject({ kind: 'auth', verdict: 'final', blame: 'nobody' })
    expect(of(4200)).toMatchObject({ kind: 'unsupported-method', verdict: 'next', isMethodUnknown: true })
    expect(of(4900)).toMatchObject({ kind: 'network', verdict: 'next', blame: 'nobody', isUntouched: true })
    expect(of(4901)).toMatchObject({ verdict: 'next', blame: 'nobody', isUntouched: true })
    expect(of(4902)).toMatchObject({ verdict: 'final', blame: 'nobody' })
    expect(of(4444)).toMatchObject({ kind: 'missing-state', verdict: 'next' })
  })

  test('behavior: MetaMask wraps the error of the node', () => {
    const wrapped = (data: unknown) => failureOf({ code: -32603, message: 'Internal JSON-RPC error.', data }, call)
    const revert = `0x08c379a0${'0'.repeat(64)}`
    expect(wrapped({ code: 3, message: 'hm', data: revert })).toMatchObject({ kind: 'reverted', code: -32603 })
    expect(wrapped({ originalError: { code: 3, data: revert, message: 'hm' } }).kind).toBe('reverted')
    expect(wrapped({ code: -32005, message: 'Request is being rate limited.' })).toMatchObject({
      kind: 'rate-limit',
      message: 'Internal JSON-RPC error.',
    })
  })

  test('behavior: a wallet that throws a mere text', () => {
    expect(failureOf(new Error('User rejected the request.'), call)).toMatchObject({
      kind: 'user-rejected',
      verdict: 'final',
    })
  })
})

describe('what an error can be', () => {
  test("behavior: viem's classes are looked through, and known without instanceof", () => {
    const inner = rpcError(-32000, 'rate limit exceeded', undefined, { status: 429, headers: { 'retry-after': '3' } })
    const expected = {
      kind: 'rate-limit',
      isRpc: true,
      code: -32000,
      status: 429,
      retryAfter: 3_000,
      message: 'rate limit exceeded',
    }
    expect(failureOf(new InvalidInputRpcError(inner), call)).toMatchObject(expected)
    expect(failureOf({ ...inner, name: inner.name, stack: '', cause: undefined }, call)).toMatchObject(expected)
    expect(failureOf(new UnknownRpcError(new Error('boom')), call)).toMatchObject({ isRpc: false, message: 'boom' })
  })

  test('behavior: URL and params in messages are not read', () => {
    const error = rpcError(-32000, 'hm')
    error.message += ' https://vendor.example/rate-limit execution reverted'
    expect(failureOf(error, call).kind).toBe('unknown')
  })

  test('error: anything at all is classified, nothing throws', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const cycle = Object.assign(new Error('boom'), { cause: undefined as unknown, data: [] as unknown })
    cycle.cause = cycle
    cycle.data = { originalError: cycle }
    const hostile = {
      get message() {
        throw new Error('no')
      },
      get code() {
        throw new Error('no')
      },
      name: { toString: null },
      data: { rate: { backoff_seconds: 10n } },
    }
    const things = [
      undefined,
      null,
      0,
      10n,
      '',
      'text',
      Symbol('x'),
      () => 1,
      [],
      {},
      NaN,
      proxy,
      cycle,
      hostile,
      { code: '4001' },
    ]
    for (const thing of things)
      expect(failureOf(thing, call)).toMatchObject({ kind: 'unknown', verdict: 'next', isUntouched: false })
    expect(() => failureOf(hostile, { method: 'eth_getLogs', params: hostile })).not.toThrow()
  })

  test('behavior: huge texts are classified by their beginning', () => {
    expect(failureOf(rpcError(-32000, `execution reverted: ${'a'.repeat(10_000_000)}`), call).kind).toBe('reverted')
  })

  test('behavior: a word that is too long to mean anything is cut, the next one is read', () => {
    const { text } = factsOf(rpcError(-32000, `0x${'00'.repeat(900)} Header not found`))
    expect(text).toBe(`0x${'0'.repeat(78)} header not found`)
  })
})

describe('how long to leave a provider alone', () => {
  const waitOf = (message: string, data?: unknown) => failureOf(rpcError(-32005, message, data), call).retryAfter

  test('51: texts', () => {
    expect(waitOf('rate limited, try again in 4ms')).toBe(4)
    expect(waitOf('rate limited, try again in 1.5 minutes')).toBe(90_000)
    expect(waitOf('retry in 30s')).toBe(30_000)
    expect(waitOf('call rate limit exhausted, retry in 10m0s')).toBe(600_000)
    expect(waitOf('Retry-After: 5')).toBe(5_000)
    expect(waitOf('Please wait 2 hours')).toBe(7_200_000)
    expect(waitOf('rate limit of 25/second')).toBeUndefined()
    expect(waitOf('retry with the range 24383075-24383077')).toBeUndefined()
  })

  test('behavior: data', () => {
    expect(waitOf('slow down', { rate: { backoff_seconds: 30 } })).toBe(30_000)
    expect(waitOf('slow down', { rate: { backoff_seconds: 0 } })).toBeUndefined()
    expect(waitOf('slow down', { try_again_in: '694.5ms' })).toBe(694.5)
    expect(waitOf('slow down', { try_again_in: '500µs' })).toBe(0.5)
    expect(waitOf('rate limited, try again in 4ms', { rate: { backoff_seconds: 30 } })).toBe(30_000)
  })

  test('behavior: Retry-After in seconds, and as a date where the time is known', () => {
    const waitFor = (value: string, wallTime?: number) =>
      failureOf(httpError(429, '', { 'Retry-After': value }), { ...call, wallTime }).retryAfter
    const date = 'Wed, 21 Oct 2026 07:28:00 GMT'
    expect(waitFor('2')).toBe(2_000)
    expect(waitFor(date, Date.parse(date) - 30_000)).toBe(30_000)
    expect(waitFor(date, Date.parse(date) + 30_000)).toBeUndefined()
    expect(waitFor(date)).toBeUndefined()
    expect(waitFor('soon')).toBeUndefined()
  })

  test('behavior: a date is told by the clock of the provider, where that is known', () => {
    const told = { 'Retry-After': 'Wed, 21 Oct 2026 07:28:30 GMT', Date: 'Wed, 21 Oct 2026 07:28:00 GMT' }
    // As a wallet of another realm may hand them over, too.
    for (const headers of [told, new Headers(told)]) {
      const error = Object.assign(httpError(429), { headers })
      const waitBy = (wallTime?: number) => failureOf(error, { ...call, wallTime }).retryAfter
      expect([waitBy(), waitBy(0), waitBy(Date.parse(told['Retry-After']) + 60_000)]).toEqual([30_000, 30_000, 30_000])
    }
    const unclear = { ...told, Date: 'today' }
    const wallTime = Date.parse(told.Date) + 10_000
    expect(failureOf(httpError(429, '', unclear), { ...call, wallTime }).retryAfter).toBe(20_000)
  })
})

describe('what a range may be', () => {
  const hintsOf = (message: string, data?: unknown) => {
    const { suggestedRange, maxBlockRange } = failureOf(rpcError(-32000, message, data), { method: 'eth_getLogs' })
    return suggestedRange ? [suggestedRange.fromBlock, suggestedRange.toBlock] : maxBlockRange
  }

  test('behavior: a range that is offered, not the one refused', () => {
    expect(hintsOf('query returned more than 10000 results. Try with this block range [0xA, 0xB].')).toEqual([10, 11])
    expect(hintsOf('query returned more than 10000 results', { from: '0xA', to: '0xB' })).toEqual([10, 11])
    expect(hintsOf('query exceeds max results 20000, retry with the range 100-200')).toEqual([100, 200])
    expect(hintsOf('range 100-9000 is too large')).toBeUndefined()
    expect(hintsOf('too many results. Try with this block range [0xB, 0xA].')).toBeUndefined()
  })

  test('behavior: the smallest number of blocks', () => {
    expect(hintsOf('eth_getLogs is limited to a 10,000 range')).toBe(10_000)
    expect(hintsOf('range is too large, max is 1k blocks')).toBe(1_000)
    expect(hintsOf('exceeds the range allowed for your plan (5001 > 2000)')).toBe(2_000)
    expect(hintsOf('eth_getLogs is limited to 0 - 10000 blocks range')).toBe(10_000)
    expect(hintsOf('block range too large (2001), maximum allowed is 2000 blocks')).toBe(2_000)
    expect(hintsOf('block range is too wide')).toBeUndefined()
    expect(hintsOf('too many addresses in filter: max 100')).toBeUndefined()
    expect(hintsOf('fromBlock and toBlock contain timestamps that exceed 7 days (604800 seconds)')).toBeUndefined()
  })
})

describe('what a refusal of logs says', () => {
  const read = (code: number, message: string) => {
    const { kind, maxResults, excess } = failureOf(rpcError(code, message), { method: 'eth_getLogs' })
    return [kind, maxResults, excess]
  }

  test.each<[number, string, number | undefined]>([
    [-32005, 'query returned more than 10000 results', 10_000],
    [-32005, 'Query returned more than 10,000 results. Try with this block range [0x1, 0x2].', 10_000],
    [
      -32602,
      'Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the response size, or you can request any block range with a cap of 10K logs in the response.',
      10_000,
    ],
    [-32000, 'query exceeds max results 20000', 20_000],
    [-32602, 'Too many logs requested. Max logs per response is 20000.', 20_000],
    [-32602, 'Max logs per response is 20,000.', 20_000],
    [-32602, 'max results per query: 10k', 10_000],
    [-32000, 'max results size is 10 MB', undefined],
    [-32000, 'max results size is 10.5 MB', undefined],
    [-32000, 'max results size is 10 MiB', undefined],
    [-32000, 'max logs query time is 30 s', undefined],
    [-32000, 'max results size is 10MB', undefined],
    [-32000, 'too many logs returned', undefined],
  ])('default: most results: %s %s', (code, message, results) => {
    expect(read(code, message)).toEqual(['result-too-large', results, undefined])
  })

  test('behavior: words about less that are not about a range, or about one that is reversed, ask for no smaller pieces', () => {
    const kindOf = (message: string, filter: object) =>
      failureOf(rpcError(-32602, message), { method: 'eth_getLogs', params: [filter] }).kind
    const wide = { fromBlock: '0x1', toBlock: '0x100' }
    const reversed = { fromBlock: '0x100', toBlock: '0x1' }
    expect(kindOf('invalid argument 0: topic too large', wide)).toBe('invalid-params')
    expect(kindOf('invalid params: fromBlock must be <= toBlock', reversed)).toBe('invalid-params')
    expect(kindOf('toBlock is older than fromBlock', reversed)).toBe('invalid-params')
    expect(kindOf('the block range is less than 0', reversed)).toBe('invalid-params')
    expect(kindOf('invalid params: the distance between blocks must be <= 100', wide)).toBe('range-too-large')
  })

  test('behavior: that it is the addresses, or that there are none', () => {
    expect(read(-32701, 'please specify less number of address in the getLogs query')[2]).toBe('addresses')
    expect(read(-32000, 'too many addresses in filter: max 100')[2]).toBe('addresses')
    expect(read(-32012, 'getLogs request exceeded max allowed addresses')[2]).toBe('addresses')
    expect(read(-32701, 'Please specify an address in your request')[2]).toBe('filter')
    expect(read(-32701, 'exceed maximum block range: 50000')[2]).toBeUndefined()
  })
})
