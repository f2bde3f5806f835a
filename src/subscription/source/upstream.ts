// One subscription at one place at a time: stays where it is confirmed first, goes to the next place when it is lost, and
// back to a better one once that has been well for a while. What is pushed goes to the sink; nothing is filled in here.

import type { Timer } from '../../base/clock'
import type { Claim, ClaimOptions, ClaimSink } from './claim'
import { lateness, openClaim } from './claim'
import { createKeptPlaces } from './kept'
import type { Place } from './place'
import { isWell } from './place'
import type { Places } from './places'

export type UpstreamSink = Pick<ClaimSink, 'onData'> & {
  /** The place has confirmed: from now on its frames are given, those that came before the confirmation first. */
  onLive(place: Place): void
  /** The place is lost: nothing more comes from it, and another one is sought. */
  onDown(why: string): void
  /** No place can be tried now; the search goes on by itself later. @param refusal the reason, if nobody serves the kind */
  onRest(refusal: unknown): void
  /** Whether the provider of the place is as far as the stream: only then does the stream return to it. */
  isLevel(place: Place): Promise<boolean>
}

export type UpstreamOptions = ClaimOptions & {
  readonly places: Places
  readonly sink: UpstreamSink
}

/** How often a better place is looked for (in ms). */
const LOOK_AGAIN = 5_000

/** Returns the off-function, which sends `eth_unsubscribe`; it may be called twice. */
export function openUpstream(options: UpstreamOptions): () => void {
  const { params, places, clock, sink } = options
  const kind = params[0] as string
  let current: Claim | undefined
  /** Those that are not confirmed yet, the oldest first. */
  const claims = new Set<Claim>()
  /** While a place is live: until a better one is looked for. Else: until a place can be tried again. */
  let timer: Timer | undefined
  /** The places that the present search has asked. */
  let tried = new Set<Place>()
  let refusal: unknown
  let isClosed = false
  /** To be changed last: keeping a place may dial its socket, which calls listeners, and one of them may end all this. */
  const kept = createKeptPlaces()
  const unlisten = places.listen({
    onBack: () => current || seekAnew(),
    onLeave: (place, why) => current?.place === place && leave(current, why),
  })

  /** Starts the search over. Claims that are under way keep their time. */
  function seekAnew() {
    tried = new Set(asked())
    refusal = undefined
    if (claims.size === 0) seek()
  }

  function seek() {
    timer?.cancel()
    if (isClosed || current) return
    const place = places.next(kind, tried)
    // A backup is for when all others have failed, not for when they are slow.
    if (place && (!place.isBackup || asked().every(({ isBackup }) => isBackup))) {
      tried.add(place)
      // At most two claims at a time: the oldest one makes room.
      const [oldest, ...others] = claims
      if (oldest && others.length > 0) giveUp(oldest, lateness())
      ask(place)
    } else if (claims.size === 0) rest()
  }

  function asked() {
    return [...claims].map(({ place }) => place)
  }

  function ask(place: Place) {
    const claim = openClaim(place, options, { onConfirm, onData: sink.onData, onSlow, onFail, onLost: leave })
    // Asking may dial the socket, which calls listeners: one of them may have closed this.
    if (isClosed) claim.end()
    else claims.add(claim)
  }

  function rest() {
    const at = places.retryAt(kind)
    if (at < Infinity) timer = clock.after(Math.max(0, at - clock.now()), seekAnew)
    sink.onRest(places.list(kind).length === 0 ? (refusal ?? places.refusal()) : undefined)
    kept.only(places.list(kind))
  }

  /** Only a slow claim that is the newest one gets another one beside it. */
  function onSlow(claim: Claim) {
    if (claim === [...claims].at(-1)) seek()
  }

  function onConfirm(claim: Claim) {
    const { place } = claim
    claims.delete(claim)
    for (const other of [...claims]) {
      end(other)
      other.place.wellSince = clock.now()
    }
    if (current) {
      current.end()
      place.returns++
    }
    current = claim
    sink.onLive(place)
    kept.only(betterThan(place).filter(({ isBackup }) => !isBackup))
    lookForBetter()
  }

  function onFail(claim: Claim, error: unknown) {
    giveUp(claim, error)
    if (!current) return seek()
    claim.place.returns++
    lookForBetter()
  }

  function giveUp(claim: Claim, error: unknown) {
    end(claim)
    if (places.fail(claim.place, kind, error)) refusal = error
    else kept.keep(claim.place)
  }

  /** The subscription was lost, or must leave its place. */
  function leave(claim: Claim, why: string) {
    const { place } = claim
    current = undefined
    timer?.cancel()
    places.lose(place, claim.age())
    end(claim)
    sink.onDown(why)
    kept.keep(place)
    // A return that was under way goes on as the first claim of the search.
    seekAnew()
  }

  function end(claim: Claim) {
    claims.delete(claim)
    claim.end()
  }

  function betterThan(place: Place) {
    const all = places.list(kind)
    const index = all.indexOf(place)
    return index < 0 ? [] : all.slice(0, index)
  }

  function lookForBetter() {
    if (!current || betterThan(current.place).length === 0) return
    timer?.cancel()
    timer = clock.background(LOOK_AGAIN, () => void considerReturn(current).finally(lookForBetter))
  }

  async function considerReturn(from: Claim | undefined) {
    if (!from || claims.size > 0) return
    const better = betterThan(from.place).find((place) => isWell(place, clock.now()))
    if (!better || !(await sink.isLevel(better)) || current !== from || claims.size > 0) return
    ask(better)
  }

  // Not at once: sockets and requests call listeners, which must find the stream complete, and may end it.
  queueMicrotask(seekAnew)
  return () => {
    if (isClosed) return
    isClosed = true
    unlisten()
    timer?.cancel()
    for (const claim of claims) end(claim)
    current?.end()
    current = undefined
    kept.end()
  }
}
