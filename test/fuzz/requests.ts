// What must hold of requests through a whole engine whose providers answer anything: each ends within its time, with a value or a
// typed error, and leaves no permit, timer or waiter behind.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createTestEngine } from '../support/engine'
import { createManualClock } from '../support/manual-clock'
import { expectTyped, responseOf } from './channels'
import * as inputs from './inputs'
import type { Proof } from './proof'

const HASH = `0x${'ab'.repeat(32)}`
const RAW =
  '0xf86c808504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83'
const REQUESTS: readonly [string, unknown[]][] = [
  ['eth_blockNumber', []],
  ['eth_call', [{ to: HASH.slice(0, 42) }, 'latest']],
  ['eth_getBalance', [HASH.slice(0, 42), '0x10']],
  ['eth_getBlockByNumber', ['latest', false]],
  ['eth_getBlockByNumber', ['0x10', true]],
  ['eth_getBlockByNumber', ['finalized', false]],
  ['eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x1000' }]],
  ['eth_getLogs', [{ fromBlock: '0x1', toBlock: 'latest' }]],
  ['eth_getTransactionReceipt', [HASH]],
  ['eth_getTransactionByHash', [HASH]],
  ['eth_getTransactionCount', [HASH.slice(0, 42), 'pending']],
  ['eth_sendRawTransaction', [RAW]],
  ['eth_newFilter', [{ fromBlock: '0x1' }]],
  ['eth_newBlockFilter', []],
  ['eth_newPendingTransactionFilter', []],
  ['eth_chainId', []],
  ['debug_traceTransaction', [HASH]],
]
/** After the longest time that any of them may take, and for what is done later by itself (in ms). */
const LONG_AFTER = 10_000

const answer = fc.oneof(
  { weight: 2, arbitrary: fc.record({ result: fc.constantFrom<unknown>('0x1', '0x10', [], null, HASH) }) },
  { weight: 2, arbitrary: fc.record({ result: blockish() }) },
  { weight: 3, arbitrary: fc.record({ error: inputs.oddError }) },
  { weight: 3, arbitrary: fc.record({ result: inputs.oddJson }) },
)
const reply = fc.oneof(
  { weight: 5, arbitrary: fc.record({ answer, status: inputs.status, wait: fc.option(inputs.retryAfter) }) },
  { weight: 1, arbitrary: fc.record({ body: inputs.textOf(inputs.oddJson), status: inputs.status }) },
)
type Reply = { answer?: object; body?: string; status: number; wait?: string | null }

export const proofs: readonly Proof[] = [
  {
    name: 'every request ends, typed, and nothing of it is left',
    share: 2,
    property: fc.asyncProperty(
      fc.array(fc.array(reply, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(REQUESTS.length - 1), { minLength: 1, maxLength: 6 }),
      async (providers, asked) => {
        const clock = createManualClock()
        const t = createTestEngine({
          clock,
          providers: providers.map((replies) => ({ fetch: fetchOf(replies as Reply[]) })),
          options: {
            chainId: 1,
            verifyChain: true,
            consistency: 'head',
            share: true,
            timeout: 2_000,
            logs: { timeout: 2_000 },
          },
        })
        const seen = asked.map((index) => t.start(...(REQUESTS[index] as [string, unknown[]])))
        await clock.advance(LONG_AFTER)
        const polls = seen.flatMap(({ ended }) =>
          typeof ended?.value === 'string' ? [t.start('eth_getFilterChanges', [ended.value])] : [],
        )
        await clock.advance(LONG_AFTER)
        for (const { times, ended } of [...seen, ...polls]) expectTyped({ times, ...ended })
        for (const { ended } of [...seen, ...polls])
          for (const { error } of ended?.error?.attempts ?? []) assert.equal(typeof error.shortMessage, 'string', error)
        assert.equal(t.inFlight(), 0)
        assert.doesNotThrow(() => JSON.stringify(t.status()))
        t.engine.close()
        await clock.settle()
        assert.equal(clock.pending.after, 0)
      },
    ),
  },
]

/** Answers in turn, and again from the first. */
function fetchOf(replies: readonly Reply[]): typeof fetch {
  let count = 0
  return async (_, init) => {
    const { answer, body, status, wait = null } = replies[count++ % replies.length] as Reply
    const payload = JSON.parse(init?.body as string) as { id: number } | { id: number }[]
    const answerTo = ({ id }: { id: number }) => ({ jsonrpc: '2.0', id, ...answer })
    const made = Array.isArray(payload) ? payload.map(answerTo) : answerTo(payload)
    return responseOf(body ?? inputs.write(made), status, wait)
  }
}

/** Blocks, receipts, logs: right here and there. */
function blockish(): fc.Arbitrary<unknown> {
  const height = fc.oneof(fc.constantFrom('0x10', '0x11', '0xffffff'), inputs.oddJson)
  const hash = fc.oneof(fc.constant(HASH), inputs.oddJson)
  const one = fc.record(
    {
      number: height,
      hash,
      parentHash: hash,
      blockNumber: height,
      blockHash: hash,
      logIndex: height,
      transactionHash: hash,
    },
    { requiredKeys: ['number', 'blockNumber'] },
  )
  return fc.oneof(one, fc.array(one, { maxLength: 3 }))
}
