// Probing a channel whose breaker is due, with a copy of a request beside the request itself: nobody waits for a dead channel,
// and a recovered one is used again. The outcome settles the breaker. If the copy is first with a usable answer, that serves.

import { PROBE_LIMIT } from '../../provider/breaker'
import type { ChannelState } from '../../provider/provider'
import type { Failure } from '../../rpc/failure'
import { isBlamable } from '../answer/blame'
import { judge } from '../answer/judge'
import { learnFrom } from '../answer/learn'
import { abortCall } from '../attempt/attempt'
import { settleAborted, settleAnswered, settleFailed } from '../attempt/settle'
import type { AttemptSink, Flight } from '../flight'
import { hasLanded } from '../flight'
import { landValue } from '../landing/landing'
import { HEAD, mayAsk, probeHead } from '../upkeep/head-probe'
import { isLate } from '../waiting/timing'
import { launch, timeoutOf } from './launch'

export function sendProbe(flight: Flight, channel: ChannelState, now: number) {
  const { parts, plan } = flight
  // After a probe that said nothing about the channel (a revert), the next one asks for the head, which a healthy node always
  // answers. A raw transaction is never copied: the copy might be taken while the caller is told that it was refused.
  const isCopy = plan.need.isRepeatable && plan.need.traits.kind !== 'raw-send' && !channel.isProbeVague
  if (!isCopy && !mayAsk(channel, HEAD, parts)) return
  const request = isCopy ? flight.request : HEAD
  const need = isCopy ? plan.need : parts.planner(HEAD).need
  const permit = channel.breaker.admitProbe(now, false)
  if (!permit) return
  // A listener may have aborted the request when the breaker changed.
  if (hasLanded(flight)) return channel.breaker.settle(permit, 'neutral', now)
  channel.provider.upkeep.probes++
  const timer = parts.clock.background(PROBE_LIMIT, () => {
    const at = parts.clock.now()
    probe.isLate = isLate(at - now - PROBE_LIMIT, PROBE_LIMIT)
    endFailed(timeoutOf(flight, probe).failure, at)
    abortCall(probe)
  })

  function finish() {
    timer.cancel()
    parts.ends.delete(quit)
    flight.probes?.delete(quit)
  }

  function quit() {
    const at = parts.clock.now()
    finish()
    settleAborted(flight, probe, at)
  }

  function endFailed(failure: Failure, at: number) {
    finish()
    const isBlamed = isBlamable(probe, failure, at)
    channel.isProbeVague = !isBlamed
    settleFailed(flight, { attempt: probe, failure, duration: at - now }, isBlamed, at)
  }

  const sink: AttemptSink = {
    onValue(_, __, value) {
      const at = parts.clock.now()
      finish()
      channel.isProbeVague = false
      // A provider that was away may not know the newest blocks: neither a null nor an answer in doubt serves.
      const mayServe = isCopy && value !== null && !hasLanded(flight) && !judge(flight, probe, value, at)
      if (mayServe && !hasLanded(flight)) landValue(flight, probe, value, at)
      else settleAnswered(flight, probe, at)
      // Without the head of a provider that is back, others would go first.
      void probeHead(channel, flight.channels, parts, at)
    },
    onFailure(_, __, error, failure) {
      const at = parts.clock.now()
      learnFrom(failure, probe, parts, at)
      if (isCopy && failure.isRpc && failure.verdict === 'final') flight.refusal = error
      endFailed(failure, at)
    },
  }

  const probe = launch(flight, { channel, permit, role: 'probe', request, need, sink }, now)
  parts.ends.add(quit)
  flight.probes ??= new Set()
  flight.probes.add(quit)
  // A transport of the user's may have aborted the request while the copy was sent.
  if (hasLanded(flight)) quit()
}
