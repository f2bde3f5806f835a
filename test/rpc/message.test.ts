import { describe, expect, test } from 'vitest'
import { buildBatch, buildMessage, readBatch, readBody, readMessage } from '../../src/rpc/message'

const ok = (result: unknown) => ({ type: 'result', result })
const failed = (code: number, message: string, data?: unknown) => ({
  type: 'error',
  error: data === undefined ? { code, message } : { code, message, data },
})

/** Without a code. */
const uncoded = (message: string) => ({ ...failed(0, message), isUncoded: true })

describe('buildMessage', () => {
  test('default', () => {
    expect(JSON.parse(buildMessage({ method: 'eth_call', params: [{ to: '0x1' }, 'latest'] }, 7))).toEqual({
      jsonrpc: '2.0',
      id: 7,
      method: 'eth_call',
      params: [{ to: '0x1' }, 'latest'],
    })
  })

  test('behavior 2: params omitted, [] or undefined make a legal request', () => {
    const legal = { jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }
    expect(JSON.parse(buildMessage({ method: 'eth_chainId' }, 1))).toEqual(legal)
    expect(JSON.parse(buildMessage({ method: 'eth_chainId', params: [] }, 1))).toEqual(legal)
    expect(JSON.parse(buildMessage({ method: 'eth_chainId', params: undefined }, 1))).toEqual(legal)
    expect(JSON.parse(buildMessage({ method: 'eth_chainId', params: null }, 1))).toEqual(legal)
  })

  test('behavior: params by name pass as they are', () => {
    expect(JSON.parse(buildMessage({ method: 'x', params: { a: 1 } }, 1)).params).toEqual({ a: 1 })
  })

  test('error 10: params that cannot be encoded (BigInt, cycle)', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(() => buildMessage({ method: 'x', params: [1n] }, 1)).toThrow(TypeError)
    expect(() => buildMessage({ method: 'x', params: cycle }, 1)).toThrow(TypeError)
  })
})

describe('readMessage', () => {
  test('behavior 3: null, false, 0, "" and [] are results', () => {
    for (const result of [null, false, 0, '', [], {}, '0x1'])
      expect(readMessage({ jsonrpc: '2.0', id: 1, result }, 1)).toEqual(ok(result))
  })

  test('behavior: jsonrpc is not required, the id may be equal as text', () => {
    expect(readMessage({ id: 1, result: '0x1' }, 1)).toEqual(ok('0x1'))
    expect(readMessage({ jsonrpc: '2.0', id: '1', result: '0x1' }, 1)).toEqual(ok('0x1'))
  })

  test('behavior 4: an answer of JSON-RPC 1.0 is invalid', () => {
    expect(readMessage({ jsonrpc: '1.0', id: 1, result: '0x1' }, 1)).toMatchObject({ type: 'invalid' })
  })

  test('behavior: `error: null` is absent', () => {
    expect(readMessage({ id: 1, error: null, result: '0x1' }, 1)).toEqual(ok('0x1'))
    expect(readMessage({ id: 1, error: false, result: '0x1' }, 1)).toEqual(ok('0x1'))
    expect(readMessage({ id: 1, error: null }, 1).type).toBe('invalid')
  })

  test('behavior: a non-null error object wins over a result', () => {
    expect(readMessage({ id: 1, result: '0x1', error: { code: -32000, message: 'no' } }, 1)).toEqual(
      failed(-32000, 'no'),
    )
    expect(readMessage({ id: 1, result: '0x1', error: {} }, 1).type).toBe('invalid')
  })

  test('behavior: an error that is a text is a message', () => {
    expect(readMessage({ error: 'debug methods not permitted' }, 1)).toEqual(uncoded('debug methods not permitted'))
  })

  test('behavior: null or missing id on errors only', () => {
    const error = { code: -32005, message: 'slow down' }
    expect(readMessage({ id: null, error }, 1)).toEqual(failed(-32005, 'slow down'))
    expect(readMessage({ error }, 1)).toEqual(failed(-32005, 'slow down'))
    expect(readMessage({ id: null, result: '0x1' }, 1)).toEqual({ type: 'invalid', reason: 'another id' })
    expect(readMessage({ result: '0x1' }, 1).type).toBe('invalid')
  })

  test('behavior 4: other id, notification, array for a single call, string code, neither field are invalid', () => {
    expect(readMessage({ id: 2, result: '0x1' }, 1).type).toBe('invalid')
    expect(readMessage({ id: 2, error: { code: 1, message: 'x' } }, 1).type).toBe('invalid')
    expect(readMessage({ id: [1], result: '0x1' }, 1).type).toBe('invalid')
    expect(readMessage({ method: 'eth_subscription', params: {} }, 1).type).toBe('invalid')
    expect(readMessage([{ id: 1, result: '0x1' }], 1)).toEqual({ type: 'invalid', reason: 'an array' })
    expect(readMessage({ id: 1, error: { code: '-32000', message: 'x' } }, 1).type).toBe('invalid')
    expect(readMessage({ id: 1 }, 1)).toEqual({ type: 'invalid', reason: 'neither result nor error' })
    expect(readMessage({}, 1).type).toBe('invalid')
    expect(readMessage({ id: 1, error: [1] }, 1).type).toBe('invalid')
    expect(readMessage({ id: 1, error: true }, 1).type).toBe('invalid')
    for (const body of [null, undefined, 1, 'text', true])
      expect(readMessage(body, 1)).toEqual({ type: 'invalid', reason: 'not an object' })
  })

  test('behavior 5: code, message and nested data are unaltered', () => {
    const data = { rate: { allowed_rps: 1.5, list: [null, { deep: [] }] } }
    const message = 'x'.repeat(5_000)
    expect(readMessage({ id: 1, error: { code: -32005, message, data } }, 1)).toEqual(failed(-32005, message, data))
    expect(readMessage({ id: 1, error: { code: 3, message: 'x', data: null } }, 1)).toEqual(failed(3, 'x', null))
  })

  test('behavior: an error without code or without message is lenient', () => {
    expect(readMessage({ error: { message: 'Missing required field' } }, 1)).toEqual(uncoded('Missing required field'))
    expect(readMessage({ error: { code: null, message: 'x' } }, 1)).toEqual(uncoded('x'))
    expect(readMessage({ error: { code: 0, message: 'x' } }, 1)).toEqual(failed(0, 'x'))
    expect(readMessage({ id: 1, error: { code: -32005 } }, 1)).toEqual(failed(-32005, ''))
    expect(readMessage({ id: 1, error: { code: -32005, message: { a: 1 } } }, 1)).toEqual(failed(-32005, ''))
  })

  test('behavior: a bare error object is an error if it has code and message', () => {
    expect(readMessage({ message: 'chain is not available on free plan', code: 35 }, 1)).toEqual(
      failed(35, 'chain is not available on free plan'),
    )
    expect(readMessage({ message: 'Too Many Requests' }, 1).type).toBe('invalid')
    expect(readMessage({ code: 35 }, 1).type).toBe('invalid')
  })

  test('behavior: __proto__ keys count for nothing', () => {
    expect(readBody('{"__proto__":{"result":1,"id":1}}', 1).type).toBe('invalid')
    expect(readBody('{"id":1,"result":{"__proto__":{"x":1}}}', 1).type).toBe('result')
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })
})

describe('readBody', () => {
  test('default', () => {
    expect(readBody('{"jsonrpc":"2.0","id":1,"result":"0x1"}', 1)).toEqual(ok('0x1'))
  })

  test('error: HTML, truncated JSON, an empty body, a JSON text', () => {
    expect(readBody('<html>', 1)).toEqual({ type: 'invalid', reason: 'not JSON' })
    expect(readBody('{"jsonrpc":"2.0","id":1,"resu', 1).type).toBe('invalid')
    expect(readBody('', 1)).toEqual({ type: 'invalid', reason: 'empty body' })
    expect(readBody('"message: API key is not allowed"', 1).type).toBe('invalid')
  })

  test('behavior: deep nesting breaks nothing', () => {
    const depth = 200_000
    const body = `{"id":1,"result":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(['result', 'invalid']).toContain(readBody(body, 1).type)
  })
})

describe('buildBatch', () => {
  test('default', () => {
    const messages = [1, 2].map((id) => buildMessage({ method: 'eth_chainId' }, id))
    expect(JSON.parse(buildBatch(messages))).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] },
      { jsonrpc: '2.0', id: 2, method: 'eth_chainId', params: [] },
    ])
  })
})

describe('readBatch', () => {
  const read = (body: unknown) => readBatch(JSON.stringify(body), [1, 2, 3])
  const nobody = { type: 'members', members: [undefined, undefined, undefined] }

  test('behavior: members in any order, with ids as numbers or texts, each read strictly', () => {
    const bare = { id: 3 }
    expect(read([bare, { id: '2', error: { code: 3, message: 'no' } }, { id: 1, result: null }])).toEqual({
      type: 'members',
      members: [ok(null), failed(3, 'no'), { type: 'invalid', reason: 'neither result nor error' }],
    })
  })

  test('behavior: a missing member is missing; strangers and doubles are left alone', () => {
    const items = [{ id: 1, result: 'a' }, { id: 1, result: 'b' }, { id: 9, result: 'c' }, null, 'd', { result: 'e' }]
    expect(read(items)).toEqual({ type: 'members', members: [ok('a'), undefined, undefined] })
  })

  test('behavior: ids that have no form as a text are those of strangers', () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
    expect(
      readBatch(`[{"id":${deep},"result":1},{"id":{"toString":null},"result":1},{"id":1,"result":"a"}]`, [1]),
    ).toEqual({ type: 'members', members: [ok('a')] })
  })

  test('behavior: one error is for all of them, under any id, in an array or not, without its envelope', () => {
    const error = { code: -32600, message: 'no batches' }
    for (const body of [
      { id: null, error },
      { id: 1, error },
      { id: 99, error },
      { error },
      error,
      [{ id: null, error }],
    ])
      expect(read(body)).toEqual({ type: 'error', error })
  })

  test.each([
    ['an object in place of an array', { id: 1, result: '0x1' }],
    ['an empty array', []],
    ['null', null],
    ['a text', 'hello'],
    ['answers to others', [{ id: 7, result: 1 }]],
  ])('behavior: %s answers nobody', (_, body) => {
    expect(read(body)).toEqual(nobody)
  })

  test('error: what is no JSON', () => {
    expect(readBatch('[{"id":1,"resu', [1])).toEqual({ type: 'invalid', reason: 'not JSON' })
    expect(readBatch(' ', [1])).toEqual({ type: 'invalid', reason: 'empty body' })
  })
})
