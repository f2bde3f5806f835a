// A copy of a request goes to a channel whose breaker is due, beside the request itself: nobody waits for a dead one, and a
// recovered one is used again. Its outcome settles the breaker; if it is first with a usable answer, that answer serves.

import type { ChannelState } from '../provider/provider'
import { fail, release, succeed } from './attempt'
import { emitAttempt } from './emit'
import type { Flight } from './flight'
import { landValue } from './landing'
import { launch, timeoutOf } from './launch'
import { learnFrom } from './learn'

/** A channel that does not answer a probe by then (in ms) is not back. */
const PROBE_LIMIT = 2_000

export function sendProbe(flight: Flight, channel: ChannelState, now: number) {
  const permit = channel.breaker.admitProbe(now, false)
  if (!permit) return
  const { parts, plan } = flight
  channel.provider.upkeep.probes++
  const isCopy = plan.need.isRepeatable
  const instead = isCopy ? undefined : { method: 'eth_blockNumber' }
  const timer = parts.clock.background(PROBE_LIMIT, () => {
    if (probe.isSettled) return
    const { failure } = timeoutOf(flight, probe)
    end('failure', () => fail(probe, failure, !parts.isOffline(), parts.clock.now()), failure)
    probe.controller?.abort()
  })
  const quit = () => {
    timer.cancel()
    release(probe, parts.clock.now())
    probe.controller?.abort()
  }
  parts.ends.add(quit)

  function finish() {
    timer.cancel()
    parts.ends.delete(quit)
  }

  function end(outcome: 'success' | 'failure', settle: () => void, failure?: ReturnType<typeof timeoutOf>['failure']) {
    finish()
    const duration = parts.clock.now() - probe.startedAt
    const isBlamed = failure !== undefined && failure.blame !== 'nobody'
    settle()
    emitAttempt(flight, probe, outcome, duration, failure && { failure, isBlamed })
  }

  const probe = launch(
    flight,
    channel,
    permit,
    'probe',
    now,
    {
      onValue(_, attempt, value) {
        const at = parts.clock.now()
        finish()
        if (isCopy && flight.phase !== 'done') landValue(flight, attempt, value, at)
        else end('success', () => succeed(attempt, plan.need, at))
      },
      onFailure(_, attempt, __, failure) {
        const at = parts.clock.now()
        learnFrom(failure, channel, (instead ?? flight.request).method, parts, at)
        end('failure', () => fail(attempt, failure, failure.blame !== 'nobody', at), failure)
      },
    },
    instead,
  )
  flight.probe = probe
}
