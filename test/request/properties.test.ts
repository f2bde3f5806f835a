// What holds whatever happens: random providers that fail, hang, refuse and recover at random, random calls that give up at
// random, on the manual clock.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ended, TestEngine, TestProvider } from '../support/engine'
import { createTestEngine } from '../support/engine'
import { httpError, networkError, rpcError, timeoutError } from '../support/errors'
import { seededRandom } from '../support/seeded-random'

const GRACE = 250
/** What one call meets at a provider; each provider goes through its list again and again. */
type Step = { kind: keyof typeof FAILURES | 'answer' | 'hang'; after: number }
type Call = {
  at: number
  method: string
  timeout: number
  abortAfter: number | undefined
  provider: number | undefined
  allowFailover: boolean
  exclude: number | undefined
}
type Move = { ms: number; isJump: boolean }
type World = { providers: TestProvider[]; steps: Step[][]; calls: Call[]; seed: number; isHedging: boolean }

const FAILURES = {
  network: () => networkError(),
  'bad gateway': () => httpError(502, 'bad gateway'),
  internal: () => rpcError(-32603, 'Internal error'),
  timeout: () => timeoutError(),
  'no key': () => httpError(401, 'no'),
  'too much': () => httpError(429, '', { 'retry-after': '0.4' }),
  'not yet': () => rpcError(-32000, 'header not found'),
  pruned: () => rpcError(-32000, 'missing trie node'),
  unclear: () => rpcError(-32000, 'the moon is full'),
  unsupported: () => rpcError(-32601, 'Method not found'),
  plain: () => new Error('something else'),
}
const reverted = () => rpcError(3, 'execution reverted')

const failing = fc.constantFrom<Step['kind']>(...(Object.keys(FAILURES) as (keyof typeof FAILURES)[]), 'hang')
const latency = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 80 }) }, fc.integer({ min: 0, max: 4_000 }))
const step = fc.record<Step>({ kind: fc.oneof(failing, fc.constant('answer' as const)), after: latency })
const provider = fc.record<TestProvider>({
  channels: fc.constantFrom(['http'], ['http'], ['http', 'ws']),
  isBackup: fc.boolean(),
  cost: fc.integer({ min: 1, max: 3 }),
  canAbort: fc.boolean(),
  limits: fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    fc.constant({ concurrency: 1 }),
    fc.constant({ requestsPerSecond: 5, burst: 2 }),
  ),
  breaker: fc.constantFrom({}, { failures: 1, openFor: 300 }, { failures: 2 }),
})
const call = fc.record<Call>({
  at: fc.integer({ min: 0, max: 6_000 }),
  method: fc.constantFrom(
    ...['eth_getBalance', 'eth_blockNumber', 'trace_block', 'evm_mine', 'eth_sendRawTransaction', 'eth_accounts'],
  ),
  timeout: fc.constantFrom(20, 300, 2_000, 10_000),
  abortAfter: fc.option(fc.integer({ min: 0, max: 3_000 }), { nil: undefined, freq: 4 }),
  provider: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 4 }),
  allowFailover: fc.boolean(),
  exclude: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 4 }),
})
const world = fc
  .array(fc.record({ provider, steps: fc.array(step, { minLength: 1, maxLength: 5 }) }), { minLength: 1, maxLength: 4 })
  .chain((entries) =>
    fc.record<World>({
      providers: fc.constant(entries.map((entry) => entry.provider)),
      steps: fc.constant(entries.map((entry) => entry.steps)),
      calls: fc.array(call, { minLength: 1, maxLength: 12 }),
      seed: fc.nat(),
      isHedging: fc.boolean(),
    }),
  )

type Run = {
  t: TestEngine
  requests: { call: Call; startedAt: number; seen: { ended: Ended | undefined; times: number } }[]
}

function run({ providers, steps, calls, seed, isHedging }: World): Run {
  const random = seededRandom(seed)
  const t = createTestEngine({ providers, random, options: { hedge: isHedging ? {} : false } })
  t.engine.providers.forEach(({ id, channels }, index) => {
    for (const { type } of channels) script(t, id, type, steps[index] as Step[])
  })
  const requests: Run['requests'] = []
  const idOf = (index: number | undefined) => (index === undefined ? undefined : t.engine.providers[index]?.id)
  for (const [index, entry] of calls.entries())
    t.clock.after(entry.at, () => {
      const controller = new AbortController()
      const named = idOf(entry.provider)
      const excluded = idOf(entry.exclude)
      const seen = t.start(entry.method, [index], {
        timeout: entry.timeout,
        signal: controller.signal,
        ...(named !== undefined && { provider: named, allowFailover: entry.allowFailover }),
        ...(excluded !== undefined && { exclude: [excluded] }),
      })
      requests.push({ call: entry, startedAt: t.clock.now(), seen })
      if (entry.abortAfter !== undefined) t.clock.after(entry.abortAfter, () => controller.abort(new Error('enough')))
    })
  return { t, requests }
}

function script(t: TestEngine, id: string, type: 'http' | 'ws', steps: Step[]) {
  const channel = t.channel(id, type)
  const { request } = channel
  let count = 0
  channel.request = (...args) => {
    const { kind, after } = steps[count++ % steps.length] as Step
    if (kind === 'answer') channel.once.reply(`${id}`, { after })
    else if (kind === 'hang') channel.once.hang()
    else channel.once.fail(FAILURES[kind](), { after })
    return request(...args)
  }
}

function calls({ t }: Run) {
  return t.engine.providers.flatMap(({ id, channels }) => channels.flatMap(({ type }) => t.channel(id, type).calls))
}

/** After everything has ended: nothing is held, and each request and each dispatch was told of once. */
function expectClean(r: Run) {
  const { t, requests } = r
  expect(requests.map(({ seen }) => seen.times)).toEqual(requests.map(() => 1))
  expect(t.inFlight()).toBe(0)
  for (const { channels } of t.engine.providers)
    for (const { breaker } of channels) expect(breaker.isProbing()).toBe(false)
  expect(t.eventsOf('request')).toHaveLength(requests.length)
  expect(t.status().requests.total).toBe(requests.length)
  expect(t.eventsOf('attempt')).toHaveLength(calls(r).length)
}

describe('whatever happens', () => {
  test('every request settles once and in time, every permit is given back, each is told of once, and close leaves no timer', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const r = run(given)
        await r.t.clock.advance(30_000)
        for (const { call, startedAt, seen } of r.requests) {
          expect(seen.ended?.at).toBeLessThanOrEqual(startedAt + call.timeout + 1e-6)
          if (call.abortAfter !== undefined)
            expect(seen.ended?.at).toBeLessThanOrEqual(startedAt + call.abortAfter + 1e-6)
        }
        expectClean(r)
        r.t.engine.close()
        expect(r.t.clock.pending.total).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('the same with sleeps: 250 ms more at the most', async () => {
    const move = fc.record<Move>({ ms: fc.integer({ min: 1, max: 4_000 }), isJump: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(world, fc.array(move, { minLength: 1, maxLength: 6 }), async (given, moves) => {
        const r = run(given)
        const sleeps: { from: number; to: number }[] = []
        for (const { ms, isJump } of moves) {
          const from = r.t.clock.now()
          await (isJump ? r.t.clock.jump(ms) : r.t.clock.advance(ms))
          if (isJump) sleeps.push({ from, to: r.t.clock.now() })
        }
        await r.t.clock.advance(30_000)
        for (const { call, startedAt, seen } of r.requests) {
          // A sleep over its end moves that once, and is over with the next sleep at the latest.
          let end = startedAt + call.timeout
          for (const { from, to } of sleeps) if (from >= startedAt && from <= end) end = Math.max(end, to + GRACE)
          expect(seen.ended?.at).toBeLessThanOrEqual(end + 1e-6)
        }
        expectClean(r)
        r.t.engine.close()
        expect(r.t.clock.pending.total).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('close at any moment: all that is pending rejects, and nothing happens afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.integer({ min: 0, max: 8_000 }), async (given, at) => {
        const r = run(given)
        await r.t.clock.advance(at)
        r.t.engine.close()
        await r.t.clock.settle()
        const before = calls(r).length
        const pending = r.requests.filter(({ seen }) => seen.ended?.at === at)
        for (const { seen } of r.requests) expect(seen.times).toBe(1)
        expect(r.t.inFlight()).toBe(0)
        await r.t.clock.advance(30_000)
        expect(calls(r)).toHaveLength(before)
        // Those that started later were refused.
        for (const { seen, startedAt } of r.requests)
          if (startedAt > at)
            expect(seen).toMatchObject({ times: 1, ended: { error: { name: 'TransportClosedError' } } })
        for (const { seen } of pending) expect(seen.times).toBe(1)
        expect(r.t.clock.pending.total).toBe(0)
      }),
      { numRuns: 300 },
    )
  })
})

describe('success', () => {
  test('whenever some provider answers well within the time', async () => {
    const good = fc.record({ place: fc.nat(3), isBackup: fc.boolean(), after: fc.integer({ min: 0, max: 40 }) })
    await fc.assert(
      fc.asyncProperty(world, good, async (given, { place, isBackup, after }) => {
        const providers = [...given.providers]
        const steps = [...given.steps]
        const at = Math.min(place, providers.length)
        providers.splice(at, 0, { isBackup })
        steps.splice(at, 0, [{ kind: 'answer', after }])
        const reads = given.calls.map(
          (entry): Call => ({
            ...entry,
            method: entry.method === 'trace_block' ? entry.method : 'eth_getBalance',
            timeout: Math.max(2_000, entry.timeout),
            abortAfter: undefined,
            provider: undefined,
            exclude: undefined,
          }),
        )
        const r = run({ ...given, providers, steps, calls: reads })
        await r.t.clock.advance(30_000)
        expect(r.requests.map(({ seen }) => seen.ended?.error)).toEqual(reads.map(() => undefined))
        expectClean(r)
      }),
      { numRuns: 300 },
    )
  })

  test('an answer about the request is final: one such error, and nobody is asked after it', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const r = run({
          ...given,
          calls: [
            {
              ...(given.calls[0] as Call),
              at: 0,
              method: 'eth_getBalance',
              abortAfter: undefined,
              timeout: 10_000,
              provider: undefined,
              exclude: undefined,
            },
          ],
        })
        for (const { id, channels } of r.t.engine.providers)
          for (const { type } of channels) {
            const channel = r.t.channel(id, type)
            channel.request = () => Promise.reject(reverted())
          }
        await r.t.clock.advance(30_000)
        expect(r.requests[0]?.seen.ended).toMatchObject({ at: 0, error: { code: 3, attempts: [{ kind: 'reverted' }] } })
        expect(r.t.eventsOf('attempt')).toHaveLength(1)
      }),
      { numRuns: 50 },
    )
  })
})

describe('rounds', () => {
  test('no channel is asked twice in one round: between two calls of one request on a channel lies a pause', async () => {
    const never = fc.record<Step>({ kind: failing, after: latency })
    const entry = fc.record({ provider, steps: fc.array(never, { minLength: 1, maxLength: 4 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 4 }), fc.boolean(), async (entries, isHedging) => {
        const t = createTestEngine({
          // Closed for good or not at all: a copy of the request is no call of it.
          providers: entries.map((one) => ({
            ...one.provider,
            breaker: { failures: 1_000, ratio: 1, minimumAttempts: 1_000 },
          })),
          options: { hedge: isHedging ? {} : false },
        })
        t.engine.providers.forEach(({ id, channels }, index) => {
          for (const { type } of channels) script(t, id, type, (entries[index] as (typeof entries)[number]).steps)
        })
        const request = t.start('eth_getBalance')
        await t.clock.advance(20_000)
        const attempts: { provider: string; channel: string; duration: number }[] = request.ended?.error.attempts ?? []
        for (const { id, channels } of t.engine.providers)
          for (const { type } of channels) {
            const starts = t.channel(id, type).calls.map(({ at }) => at)
            const own = attempts.filter((attempt) => attempt.provider === id && attempt.channel === type)
            // The last ones may have been dropped by a final failure of another one.
            // Half of the longest pause before the second round.
            for (const [index, start] of starts.slice(1).entries())
              expect(start - ((starts[index] as number) + (own[index]?.duration ?? 0))).toBeGreaterThanOrEqual(
                150 - 1e-6,
              )
          }
      }),
      { numRuns: 300 },
    )
  })
})
