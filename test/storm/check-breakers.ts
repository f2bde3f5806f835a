// The rule of breakers: while a breaker is open, its channel is not asked. Attempts from before it opened, and the probe that
// makes it half-open, may still be answered.

import { FIRST_LIMIT } from '../../src/request/upkeep/head-probe'
import type { Facts } from './facts'
import { timeout } from './world'

/** Times that differ by less than this (in ms) are equal. */
const ROUNDING = 0.001

export function breakerProblems({ world: { attempts, breakers } }: Facts): string[] {
  return attempts.flatMap((attempt) => {
    // The event of a failure may come some time after its end, so its start is not known. That of an answer comes later than
    // it if the answer has waited for the first head probes.
    if (attempt.outcome === 'failure') return []
    const startedAt = attempt.at - attempt.duration
    const own = breakers.filter(({ provider, channel }) => provider === attempt.provider && channel === attempt.channel)
    const before = own.filter(({ at }) => at < startedAt).at(-1)
    const isAtOnce = own.some(({ at }) => Math.abs(at - startedAt) < ROUNDING)
    return before?.to === 'open' && before.at < startedAt - FIRST_LIMIT && !isAtOnce
      ? [`breakers: ${attempt.method} was asked of ${attempt.provider} at ${startedAt}, open since ${before.at}`]
      : []
  })
}

/** A provider with a greater latency than this (in ms, one way) may be too slow for some call. */
const SWIFT = 80
/** A provider with a lower concurrency than this may be too slow for some call. */
const BUSY = 8
/** An attempt cannot have lost to a hedge before this time (in ms). */
const SLOW = 50
/** Network failures in a row that open a breaker. */
const MOST = 3

/**
 * Nothing counts against a provider with which nothing was ever wrong, whatever it was asked, and however long we slept. Except
 * for sockets that died during a sleep, and attempts lost to hedges: those may be bad luck while its latency is not well known.
 */
export function innocenceProblems({ world }: Facts): string[] {
  const { storm, providers, ids, engine, attempts, breakers, clock } = world
  return providers.flatMap(({ plan, troubles }, index) => {
    const { isForeign, rate, latency, concurrency = Infinity } = plan
    if (isForeign || rate !== undefined || latency[1] > SWIFT || concurrency < BUSY) return []
    const isCut = storm.faults.some(
      ({ type, ...more }) => /cut|restart/.test(type) && 'provider' in more && more.provider === index,
    )
    if (isCut || !troubles.wereNone(0, clock.now())) return []
    // If a sleep cut the network, what was lost with it is a failure like any other.
    const isLid = storm.sleeps.some((sleep) => sleep.isLid)
    const lossesOf = (way: string, until: number) => {
      const own = attempts.filter((one) => one.provider === ids[index] && one.channel === way && one.at <= until)
      const before = own.reverse().findIndex(({ outcome, duration }) => outcome !== 'aborted' || duration < SLOW)
      return before < 0 ? own.length : before
    }
    const opened = breakers.filter(
      ({ provider, channel, to, at }) =>
        provider === ids[index] && to === 'open' && !(isLid && channel === 'ws') && lossesOf(channel, at) < MOST,
    )
    // A short timeout may be three times the channel's p95 so far, which is blamed, and still be too short for the provider.
    const isHurried = storm.calls.some((call) => (call.timeout ?? timeout) < timeout)
    const { channels = {} } = engine.status().providers[index] ?? {}
    const failures = Object.entries(channels).filter(
      ([way, { breaker }]) => !isLid && !isHurried && breaker.failures > lossesOf(way, Infinity),
    )
    return [
      ...opened.map(({ provider, channel, at }) => `breakers: ${provider} ${channel} opened at ${at}, but was well`),
      ...failures.map(([way, { breaker }]) => `breakers: ${ids[index]} ${way} was well: ${breaker.failures} failures`),
    ]
  })
}

/** The rule of sleeps: a provider is not blamed for a timeout that passed while we slept. */
export function sleepProblems({ world: { storm, attempts } }: Facts): string[] {
  return storm.sleeps.flatMap(({ at: from, lasts }) => {
    const through = attempts.filter(({ at, duration }) => at - duration <= from && at >= from + lasts)
    return through
      .filter(({ failure }) => failure?.kind === 'timeout' && failure.blamed)
      .map(
        ({ provider, method, at }) => `sleeps: ${provider} was blamed at ${at} for ${method}, through which we slept`,
      )
  })
}
