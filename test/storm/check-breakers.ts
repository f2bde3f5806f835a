// The rule of breakers: while one is open nobody asks its channel. What was asked before, and the probe that makes it half open,
// may answer.

import type { Facts } from './facts'
import { timeout } from './world'

/** In ms. */
const ROUNDING = 0.001

export function breakerProblems({ world: { attempts, breakers } }: Facts): string[] {
  return attempts.flatMap((attempt) => {
    // A failure may be told of some time after its end.
    if (attempt.outcome === 'failure') return []
    const startedAt = attempt.at - attempt.duration
    const own = breakers.filter(({ provider, channel }) => provider === attempt.provider && channel === attempt.channel)
    const before = own.filter(({ at }) => at < startedAt).at(-1)
    const isAtOnce = own.some(({ at }) => Math.abs(at - startedAt) < ROUNDING)
    return before?.to === 'open' && !isAtOnce
      ? [`breakers: ${attempt.method} was asked of ${attempt.provider} at ${startedAt}, open since ${before.at}`]
      : []
  })
}

/** Slower ones (in ms of one way), and those that take few calls at a time, may be too slow for somebody. */
const SWIFT = 80
const BUSY = 8
/** The shortest time (in ms) after which one may have lost to a hedge. */
const SLOW = 50
/** Network failures in a row that open a breaker. */
const MOST = 3

/**
 * Nothing is held against a provider with which nothing was ever wrong, whatever it was asked, or because we slept; but a socket
 * that has died meanwhile, and losing to hedges, which may be bad luck where little is known of its times.
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
    // What was lost with the network is a failure like any other.
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
    // A caller in a hurry may give it three times what it has taken so far, and that be too short.
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

/** A limit that passed while we slept says nothing about who was asked. */
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
