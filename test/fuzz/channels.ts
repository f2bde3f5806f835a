// What must hold of channels, whatever arrives on them: each call is settled once, with a value or an error of viem's family,
// frames reach nobody they are not for, and nothing is left behind.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createHttpChannel } from '../../src/channel/http'
import { createWsChannel } from '../../src/channel/ws'
import { createManualClock } from '../support/manual-clock'
import { createScriptedSockets } from '../support/scripted-sockets'
import * as inputs from './inputs'
import type { Proof } from './proof'

const CALLS = 3
const SUBSCRIPTION = '0xabc'
/** Those of the calls, the subscribe behind them, and others. */
const ids = fc.oneof(fc.integer({ min: 0, max: CALLS + 2 }), fc.constantFrom<unknown>('1', '02', null, 1.5, -1))
const notice = fc.record({
  jsonrpc: fc.constant('2.0'),
  method: fc.constant('eth_subscription'),
  params: fc.oneof(
    fc.record({ subscription: fc.oneof(fc.constant(SUBSCRIPTION), inputs.oddJson), result: inputs.oddJson }),
    inputs.oddJson,
  ),
})
const frame = fc.oneof(
  { weight: 4, arbitrary: inputs.textOf(inputs.oddAnswer(ids)) },
  { weight: 2, arbitrary: inputs.textOf(notice) },
  { weight: 1, arbitrary: inputs.textOf(fc.array(inputs.oddAnswer(ids), { maxLength: 3 })) },
  { weight: 1, arbitrary: fc.constant(`{"id":${CALLS + 1},"result":"${SUBSCRIPTION}"}`) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }) },
)

export const proofs: readonly Proof[] = [
  {
    name: 'a socket settles each call once and gives each frame to its owner',
    share: 3,
    property: fc.asyncProperty(fc.array(frame, { maxLength: 8 }), fc.boolean(), async (frames, isCut) => {
      const clock = createManualClock()
      const sockets = createScriptedSockets()
      const channel = createWsChannel({
        url: 'wss://one.example',
        provider: 'p1',
        clock,
        open: sockets.open,
        onSocket() {},
      })
      const calls = Array.from({ length: CALLS }, () => settled(channel.request({ method: 'eth_gasPrice' })))
      const given: any[] = []
      const sink = { onData: (params: unknown) => given.push(params), onError() {} }
      calls.push(settled(channel.subscribe(['newHeads'], sink)))
      sockets.last.open()
      for (const one of frames)
        if (typeof one === 'string') sockets.last.receive(one)
        else sockets.last.receiveBytes(one)
      if (isCut) sockets.last.end()
      channel.close()
      await clock.settle()
      for (const call of calls) expectTyped(call)
      assert.ok(given.length <= frames.length)
      for (const params of given) assert.equal(typeof params.subscription, 'string')
      assert.ok(channel.strays() <= frames.length)
      assert.equal(clock.pending.total, 0)
    }),
  },
  {
    name: 'a response settles its request, alone and in a batch',
    share: 5,
    property: fc.asyncProperty(
      fc.oneof(inputs.textOf(inputs.oddAnswer(ids)), inputs.textOf(fc.array(inputs.oddAnswer(ids), { maxLength: 7 }))),
      inputs.status,
      fc.option(inputs.retryAfter),
      fc.constantFrom(1, 6),
      async (body, status, wait, count) => {
        let posts = 0
        const channel = createHttpChannel({
          url: 'https://vendor.example/v2/k3y-0123456789abcdef',
          provider: 'p1',
          fetch: async () => {
            posts++
            return responseOf(body, status, wait)
          },
          batches: {},
        })
        const travel = () => ({ key: undefined, isAlone: false, size: () => 20, onLeave() {}, giveUp() {} })
        const calls = Array.from({ length: count }, () =>
          settled(channel.request({ method: 'eth_gasPrice' }, { travel: travel() } as never)),
        )
        await Promise.all(calls.map(({ done }) => done))
        for (const call of calls) expectTyped(call)
        assert.ok(posts <= count + 1)
        assert.equal(channel.load?.(), 0)
      },
    ),
  },
]

export function responseOf(body: string, status: number, wait: string | null): Response {
  const headers = wait === null ? {} : { 'retry-after': wait }
  return new Response([204, 205, 304].includes(status) ? null : body, { status, headers })
}

type Settled = { times: number; value?: unknown; error?: any; readonly done: Promise<void> }

function settled(promise: Promise<unknown>): Settled {
  const call: Settled = {
    times: 0,
    done: promise.then(
      (value) => {
        call.times++
        call.value = value
      },
      (error) => {
        call.times++
        call.error = error
      },
    ),
  }
  return call
}

/** A value, or an error that says what it is: none of a slip in our own code. */
export function expectTyped({ times, value, error }: { times: number; value?: unknown; error?: any }) {
  assert.equal(times, 1)
  if (error === undefined) assert.notEqual(value, undefined)
  else assert.equal(typeof error.shortMessage, 'string', error)
}
