// What must hold of the functions that read what providers send, whatever it is: they never throw, and what they say is in bounds.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Hex } from 'viem'
import { HttpRequestError, RpcRequestError } from 'viem'
import { createRedactor } from '../../src/channel/secrets'
import { payloadOf } from '../../src/methods/transactions/payload'
import { refusalOf } from '../../src/rpc/batch-refusal'
import { heightOf, logQueryOf } from '../../src/rpc/block'
import { bloomTestOf, fullnessOf, isEmptyBloom } from '../../src/rpc/bloom'
import { failureOf } from '../../src/rpc/failure'
import { factsOf } from '../../src/rpc/failure-facts'
import { toLog } from '../../src/rpc/log'
import { readBatch, readBody, readMessage } from '../../src/rpc/message'
import { reachOf, shownHeightOf } from '../../src/rpc/reach'
import { toBlock } from '../../src/subscription/block'
import * as inputs from './inputs'
import type { Proof } from './proof'

const WALL_TIME = 1_700_000_000_000
const SECRET = 'k3y-0123456789abcdef'
const URL_WITH_SECRET = `https://vendor.example/v2/${SECRET}`

const { oddJson, oddError, oddText } = inputs
const id = fc.constantFrom<unknown>(1, '1', 2, null, undefined)

export const proofs: readonly Proof[] = [
  {
    name: 'a body is a result, an error or invalid',
    share: 4,
    property: fc.property(inputs.textOf(inputs.oddAnswer(id)), (text) => {
      const message = readBody(text, 1)
      if (message.type === 'result') assert.notEqual(message.result, undefined)
      else if (message.type === 'error') expectError(message.error)
      else assert.notEqual(message.reason, '')
    }),
  },
  {
    name: 'a batch has an answer or none for each member',
    share: 3,
    property: fc.property(inputs.textOf(fc.array(inputs.oddAnswer(id), { maxLength: 4 })), (text) => {
      const batch = readBatch(text, [1, 2, 3])
      if (batch.type === 'members') assert.equal(batch.members.length, 3)
      if (batch.type === 'error') expectError(batch.error)
    }),
  },
  {
    name: 'a frame of any kind is read',
    share: 2,
    property: fc.property(oddJson, (value) => {
      assert.ok(['result', 'error', 'invalid'].includes(readMessage(value, 1).type))
    }),
  },
  {
    name: 'an error is judged, with hints in bounds',
    share: 6,
    property: fc.property(
      oddError,
      fc.option(inputs.status),
      fc.option(inputs.retryAfter),
      inputs.method,
      oddJson,
      (error, status, wait, method, params) => {
        const failure = failureOf(errorOf(error, status, wait), { method, params, wallTime: WALL_TIME })
        assert.equal(typeof failure.kind, 'string')
        const { retryAfter, maxBlockRange, maxResults, suggestedRange } = failure
        for (const hint of [retryAfter, maxBlockRange, maxResults])
          if (hint !== undefined) assert.ok(hint > 0 && Number.isFinite(hint))
        if (suggestedRange) assert.ok(suggestedRange.toBlock >= suggestedRange.fromBlock)
        const most = refusalOf(failure, 20)?.most
        if (most !== undefined) assert.ok(most >= 1 && most < 20)
      },
    ),
  },
  {
    name: 'facts have a bound, whatever the length',
    share: 1,
    property: fc.property(oddJson, oddText, (data, text) => {
      const facts = factsOf({ code: -32000, message: text.repeat(100), data })
      assert.ok(facts.text.length <= 3 * 4_096)
      assert.doesNotMatch(facts.text, /\w{81}/)
    }),
  },
  {
    name: 'no secret outlives the redactor',
    share: 2,
    property: fc.property(oddJson, oddText, (data, text) => {
      const redactor = createRedactor()
      redactor.add({ urls: [URL_WITH_SECRET] })
      const dirty = {
        code: -32000,
        message: `${text}${URL_WITH_SECRET}`,
        data: { [SECRET]: data, list: [data, SECRET] },
      }
      const clean = redactor.clean(dirty, { provider: 'p1', method: 'eth_call' })
      assert.ok(!textsOf(clean).some((one) => one.includes(SECRET)))
    }),
  },
  {
    name: 'a bloom of any form is tested',
    share: 1,
    property: fc.property(
      inputs.bloom,
      fc.array(fc.stringMatching(/^0x[\da-f]{64}$/), { maxLength: 3 }),
      (bloom, topics) => {
        const isMatch = bloomTestOf({ topics: topics as Hex[] })(bloom)
        assert.ok(isMatch || topics.length > 0)
        assert.ok(!(fullnessOf(bloom) > (isEmptyBloom(bloom) ? 0 : 1)))
      },
    ),
  },
  {
    name: 'blocks, logs, ranges and hashes of any form are read',
    share: 2,
    property: fc.property(oddJson, (value) => {
      for (const height of [heightOf(value), shownHeightOf(value), toBlock(value, 'p1')?.number])
        if (height !== undefined) assert.ok(Number.isSafeInteger(height) && height >= 0)
      const log = toLog(value)
      assert.ok(log === undefined || log === value)
      for (const params of [value, [value]]) {
        for (const shows of ['block', 'logs'] as const) {
          const reach = reachOf(params, { param: 0, shows }) ?? 0
          assert.ok(reach === 'newest' || Number.isSafeInteger(reach))
        }
        logQueryOf(params)
      }
      assert.match(payloadOf(value) ?? '0x', /^0x/)
    }),
  },
]

function expectError({ code, message }: { code: unknown; message: unknown }) {
  assert.deepEqual([typeof code, typeof message], ['number', 'string'])
}

/** As channels throw it: the error object within one of viem's, or nothing but a response. */
function errorOf(error: unknown, status: number | null, wait: string | null): unknown {
  const headers = new Headers(wait === null ? {} : { 'retry-after': wait })
  const message = readMessage({ id: 1, error }, 1)
  const answer = { body: { method: 'eth_call' }, url: 'p1', headers, ...(status !== null && { status }) }
  if (message.type === 'error') return new RpcRequestError({ ...answer, error: message.error })
  return status === null ? error : new HttpRequestError({ ...answer, details: String(status) })
}

/** All texts and keys of a value, however deep. */
function textsOf(value: unknown): string[] {
  const texts: string[] = []
  const left = [value]
  while (left.length > 0) {
    const one = left.pop()
    if (typeof one === 'string') texts.push(one)
    else if (typeof one === 'object' && one !== null)
      for (const key of Object.keys(one)) {
        texts.push(key)
        left.push(Object.getOwnPropertyDescriptor(one, key)?.value)
      }
  }
  return texts
}
