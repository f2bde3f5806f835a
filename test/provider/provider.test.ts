// One provider: its machines, kept apart by channel, and what attempts on its channels settle.

import { describe, expect, test } from 'vitest'
import type { Channel } from '../../src/channel/channel'
import type { ChannelState, Provider } from '../../src/provider/provider'
import { openAttempt, send, settle } from '../../src/request/attempt/attempt'
import { settleAnswered, settleFailed } from '../../src/request/attempt/settle'
import type { AttemptSink, Flight } from '../../src/request/flight'
import type { Failure } from '../../src/rpc/failure'
import { failureOf } from '../../src/rpc/failure'
import { traitsOf } from '../../src/rpc/methods'
import { needOfMethod } from '../../src/rpc/need'
import { createProviders } from './providers'

const METHOD = 'eth_call'
const need = needOfMethod(METHOD, traitsOf(METHOD), undefined)

const channelOf = (provider: Provider | undefined, type: string) =>
  provider?.channels.find((channel) => channel.type === type) as ChannelState

/** A flight to which nobody listens. */
const flight = { parts: { events: { has: () => false } } } as unknown as Flight
const request = { method: METHOD }
const sink = {} as AttemptSink

const open = (channel: ChannelState, now = 0) =>
  openAttempt({ channel, permit: channel.breaker.admit(), role: 'turn', request, need, sink }, undefined, now)

const fail = (attempt: ReturnType<typeof open>, failure: Failure, isBlamed: boolean, now: number) =>
  settleFailed(flight, { attempt, failure, duration: 0 }, isBlamed, now)

/** An attempt that ends with this error; blame is what the failure says. */
function failWith(channel: ChannelState, error: unknown, now = 0) {
  const attempt = open(channel, now)
  const failure = failureOf(error, { method: METHOD })
  fail(attempt, failure, failure.blame !== 'nobody', now)
  return failure
}

const stateOf = ({ breaker }: ChannelState) => breaker.snapshot(0)
const closed = (failures: number) => ({ state: 'closed', failures })

describe('createProvider', () => {
  test('default: channels in order, slots counted over all providers, nothing known', () => {
    const [p1, p2] = createProviders([{ channels: ['http', 'ws'] }, { channels: ['ws'] }])
    expect([p1, p2].map((provider) => provider?.channels.map(({ type, slot }) => [type, slot]))).toEqual([
      [
        ['http', 0],
        ['ws', 1],
      ],
      [['ws', 2]],
    ])
    expect([p1?.id, p1?.index, p1?.chain.state, p1?.quota.isUnlimited()]).toEqual(['p1', 0, 'unknown', true])
    expect(p1?.upkeep).toEqual({ chain: 0, heads: 0, hedges: 0, probes: 0, verify: 0, backfill: 0 })
  })

  test('behavior: Given HTTP failures on p1, then its HTTP breaker opens while its WS breaker is closed, and p2 is untouched', () => {
    const changes: unknown[] = []
    const [p1, p2] = createProviders([{ channels: ['http', 'ws'] }, { channels: ['http', 'ws'] }], {
      onBreakerChange: ({ provider, type }, from, to) => void changes.push([provider.id, type, from, to]),
    })
    for (let count = 0; count < 5; count++)
      failWith(channelOf(p1, 'http'), { name: 'HttpRequestError', status: 503, shortMessage: 'x', message: 'x' })
    expect(stateOf(channelOf(p1, 'http')).state).toBe('open')
    for (const other of [channelOf(p1, 'ws'), channelOf(p2, 'http'), channelOf(p2, 'ws')])
      expect([stateOf(other), other.health.success()]).toEqual([closed(0), undefined])
    expect(changes).toEqual([['p1', 'http', 'closed', 'open']])
  })

  test('behavior: what waits to leave by http and what is under way by ws count together against its concurrency', () => {
    let waiting = 1
    const [p1] = createProviders([{ channels: ['http', 'ws'], limits: { concurrency: 3 }, load: () => waiting }])
    channelOf(p1, 'http').inFlight = 5 // in the same few batches
    channelOf(p1, 'ws').inFlight = 1
    expect(p1?.quota.hasRoom(0)).toBe(true)
    channelOf(p1, 'ws').inFlight = 2
    expect(p1?.quota.hasRoom(0)).toBe(false)
    waiting = 0
    expect(p1?.quota.hasRoom(0)).toBe(true)
  })

  test('behavior: without batches what is under way counts against its concurrency, and room is told', () => {
    const told: string[] = []
    const [p1] = createProviders([{ limits: { concurrency: 1 } }], {
      onRoom: () => void told.push('room'),
      onCooling: ({ id }) => void told.push(`${id} cools`),
    })
    p1?.quota.take(0)
    expect(p1?.quota.hasRoom(0)).toBe(false)
    p1?.quota.give()
    expect(p1?.quota.hasRoom(0)).toBe(true)
    p1?.quota.refuse('rate-limit', undefined, 0)
    expect(told).toEqual(['room', 'p1 cools'])
  })

  test('behavior: its socket belongs to the ws channel', () => {
    const socket = () => 'open' as const
    const [p1, p2] = createProviders([{ channels: ['http', 'ws'], socket }, { channels: ['ws'] }])
    expect(p1?.channels.map((channel) => channel.socket)).toEqual([undefined, socket])
    expect(p2?.channels.map((channel) => 'socket' in channel)).toEqual([false])
  })

  test('behavior: an auth failure counts against both channels of the provider', () => {
    const [p1, p2] = createProviders([{ channels: ['http', 'ws'] }, {}])
    const { kind } = failWith(channelOf(p1, 'http'), { name: 'HttpRequestError', status: 401, message: 'x' })
    expect(kind).toBe('auth')
    expect([channelOf(p1, 'http'), channelOf(p1, 'ws'), channelOf(p2, 'http')].map(stateOf)).toEqual([
      closed(1),
      closed(1),
      closed(0),
    ])
  })

  test('behavior: Given 429 / -32005 many times in a row, then the breaker stays closed', () => {
    const [p1] = createProviders([{}])
    const channel = channelOf(p1, 'http')
    for (let count = 0; count < 50; count++) {
      failWith(channel, { code: -32005, message: 'rate limit exceeded' })
      failWith(channel, { name: 'HttpRequestError', status: 429, message: 'Too Many Requests' })
    }
    expect([stateOf(channel), channel.health.success(), p1?.quota.inFlight]).toEqual([closed(0), undefined, 0])
  })

  test('behavior: Given 100 reverts, then closed and count 0', () => {
    const [p1] = createProviders([{}])
    const channel = channelOf(p1, 'http')
    for (let count = 0; count < 100; count++) failWith(channel, { code: 3, message: 'execution reverted', data: '0x' })
    expect([stateOf(channel), channel.attempts, channel.inFlight]).toEqual([closed(0), 100, 0])
  })

  test('behavior: Given a user function/transport that throws synchronously, then it is one failure and the original error surfaces', async () => {
    const [p1] = createProviders([{}])
    const channel = channelOf(p1, 'http')
    const thrown = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const broken: Channel = {
      type: 'http',
      request() {
        throw thrown
      },
      close() {},
    }
    const attempt = open(channel)
    const error = await send(attempt, [broken], undefined).catch((reason: unknown) => reason)
    expect(error).toBe(thrown)
    const failure = failureOf(error, { method: METHOD })
    fail(attempt, failure, failure.blame !== 'nobody', 0)
    expect([failure.kind, stateOf(channel), channel.inFlight]).toEqual(['network', closed(1), 0])
  })

  test('behavior: whatever ends an attempt first, everything taken for it is given back once', () => {
    const [p1] = createProviders([{ limits: { concurrency: 5 } }])
    const channel = channelOf(p1, 'http')
    const failure = failureOf({ name: 'HttpRequestError', status: 503, message: 'x' }, { method: METHOD })
    const attempt = open(channel)
    expect([channel.inFlight, p1?.quota.inFlight]).toEqual([1, 1])
    settle(attempt, 'neutral', 0)
    settle(attempt, 'neutral', 0)
    fail(attempt, failure, false, 0)
    expect([channel.inFlight, p1?.quota.inFlight, stateOf(channel)]).toEqual([0, 0, closed(0)])
  })

  test('behavior: an answer unlearns that the method is unsupported and ends the row of cooldowns', () => {
    const [p1] = createProviders([{}])
    const channel = channelOf(p1, 'http')
    p1?.capability.learnUnsupported(METHOD, 0)
    p1?.quota.refuse('rate-limit', undefined, 0)
    settleAnswered(flight, open(channel, 1_000), 1_010)
    expect([p1?.capability.lacks(METHOD, 1_010), p1?.quota.refuse('rate-limit', undefined, 1_010)]).toEqual([
      false,
      1_000,
    ])
  })
})
