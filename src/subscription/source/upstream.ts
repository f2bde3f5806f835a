// One subscription at one place at a time: subscribes where it is confirmed first, goes to the next place when it is lost,
// and back to a better one once that has been well for a while. What is pushed goes to the sink; nothing is filled in here.

import type { Timer } from '../../base/clock'
import type { Claim, ClaimOptions, ClaimSink } from './claim'
import { lateness, openClaim } from './claim'
import { createKeptPlaces } from './kept'
import type { Place } from './place'
import { isWell } from './place'
import type { Places } from './places'

export type UpstreamSink = Pick<ClaimSink, 'onData'> & {
  /** Confirmed there; what is pushed from now on comes from there, the frames that came early first. */
  onLive(place: Place): void
  /** Nothing more comes from there; another place is sought. */
  onDown(why: string): void
  /** No place could be had; it goes on by itself when one is back. @param refusal why, if nobody serves the kind */
  onRest(refusal: unknown): void
  /** Whether the place is as far as the stream: only then is it returned to. */
  isLevel(place: Place): Promise<boolean>
}

export type UpstreamOptions = ClaimOptions & {
  readonly places: Places
  readonly sink: UpstreamSink
}

/** In ms. */
const LOOK_AGAIN = 5_000

/** Returns the off-function, which sends `eth_unsubscribe`; it may be called twice. */
export function openUpstream(options: UpstreamOptions): () => void {
  const { params, places, clock, sink } = options
  const kind = params[0] as string
  let current: Claim | undefined
  /** On their way, the oldest first. */
  const claims = new Set<Claim>()
  /** While there is a place: when a better one is looked for. Else: when one can be tried again. */
  let timer: Timer | undefined
  let tried = new Set<Place>()
  let refusal: unknown
  let isClosed = false
  /** Changed last, as a socket that is dialled tells of itself: whoever hears it may end all this. */
  const kept = createKeptPlaces()
  const unlisten = places.listen({
    onBack: () => current || seekAnew(),
    onLeave: (place, why) => current?.place === place && leave(current, why),
  })

  /** Those under way have their time all the same. */
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
      // At most two at a time: the one that has hung for longest makes room.
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
    // The socket tells of itself, and whoever hears it may have had enough.
    if (isClosed) claim.end()
    else claims.add(claim)
  }

  function rest() {
    const at = places.retryAt(kind)
    if (at < Infinity) timer = clock.after(Math.max(0, at - clock.now()), seekAnew)
    sink.onRest(places.list(kind).length === 0 ? (refusal ?? places.refusal()) : undefined)
    kept.only(places.list(kind))
  }

  /** The newest one gets another one beside it. */
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

  /** It was lost, or is no good any more. */
  function leave(claim: Claim, why: string) {
    const { place } = claim
    current = undefined
    timer?.cancel()
    places.lose(place, claim.age())
    end(claim)
    sink.onDown(why)
    kept.keep(place)
    // A return that was under way has nothing to return from: it is the first one of the search.
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

  // Sockets and requests tell of themselves: whoever hears it finds the stream in its place, and may end it.
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
