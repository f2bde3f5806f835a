// Keeps one socket up while it has users: connects, watches whether the socket is alive, reconnects, and drops it after a
// linger time without users. Knows no frames.

import type { Outage } from '../base/backoff'
import { delayIn, JITTER } from '../base/backoff'
import type { Clock, Timer } from '../base/clock'
import { startLimit } from '../base/clock'
import { isOffline, whenOnline } from '../base/online'
import type { Random } from '../base/random'
import type { SocketState } from '../types'
import { startHeartbeat } from './heartbeat'
import type { Socket, SocketEnd, SocketEvents } from './socket'

export type LinkChange = {
  readonly from: SocketState
  readonly to: SocketState
  /** Number of the present or next connect, counted from 1 since the link last stayed up. */
  readonly attempt: number
  /** How the socket ended, if one did. */
  readonly end?: SocketEnd | undefined
  /** Time until the next connect, which needs a user (in ms); `undefined` if a connect would fail in the same way for ever. */
  readonly delay?: number | undefined
}

export type LinkOptions = {
  /** Makes a socket; calls no event before it has returned. */
  open: (events: SocketEvents) => Socket
  clock: Clock
  random: Random
  /** Gets the frames of the present socket. */
  onFrame: (data: unknown) => void
  /** Called after each change of the state; not if only the delay of a link that waits has changed. */
  onChange: (change: LinkChange) => void
  /** Makes the other side send something; used where the platform has no ping. */
  ask: () => void
}

export type Link = {
  state(): SocketState
  /** Adds a user, until `release`. While it has users, the link connects, for ever if need be, and keeps the process alive. */
  acquire(): void
  release(): void
  /** Connects if the link is idle. Adds no user, and does not keep the process alive. */
  dial(): void
  /** Why the link does not connect for now: the other side has refused us and must be left alone, or the machine is offline. */
  refusal(): SocketEnd | undefined
  /** Sends a frame. Throws if the socket cannot take it. */
  send(text: string): void
  close(): void
}

type Connecting = { type: 'connecting'; socket: Socket; off: Off }
type Open = { type: 'open'; socket: Socket; openedAt: number; hear: () => void; off: Off }
type Waiting = { type: 'waiting'; failedAt: number; until: number; end: SocketEnd; isRefused: boolean; off: Off }
type State = { type: 'idle'; off?: Off } | Connecting | Open | Waiting | { type: 'closed'; off?: Off }
/** Stops what runs while the state lasts; `hold` says whether it keeps the process alive. */
type Off = { cancel(): void; hold(isHeld: boolean): void }

/** A socket that is not open after this time (in ms) has failed. */
const CONNECT_LIMIT = 10_000
/** Only a socket that was open for this long (in ms) resets the backoff: a server that accepts and drops is not hammered. */
const STAYED_UP = 5_000
/** A socket without users is dropped after this time (in ms). */
const LINGER = 5_000
/** While the machine is offline, the link looks again after this time (in ms), or when the platform says that it is online. */
const OFFLINE_DELAY = 30_000
/** Upper bound of the random delay after the first refusal (in ms); the lower one is half of it. Both double each time. */
const REFUSED_DELAY = 5_000
/** The upper bound of the delay after refusals grows no further than this (in ms). */
const LONGEST_REFUSED = 60_000
const OFFLINE: SocketEnd = { code: 1006, reason: 'the machine is offline' }

export function createLink({ open, clock, random, onFrame, onChange, ask }: LinkOptions): Link {
  let state: State = { type: 'idle' }
  let users = 0
  /** Sockets that have failed since the link last stayed up. */
  let failures = 0
  /** The outage that began with the first of these failures. */
  let outage: Outage = { since: 0, level: 0 }
  let idleSince = 0
  let linger: Timer | undefined

  function turn(next: State, more: Pick<LinkChange, 'end' | 'delay'> = {}) {
    const from = state.type
    state.off?.cancel()
    state = next
    next.off?.hold(users > 0)
    if (from !== next.type) onChange({ from, to: next.type, attempt: failures + 1, ...more })
  }

  function connect() {
    if (isOffline()) return wait({ failedAt: clock.now(), end: OFFLINE, isRefused: true }, OFFLINE_DELAY)
    const isPresent = () => 'socket' in state && state.socket === socket
    const socket: Socket = open({
      onOpen: () => isPresent() && opened(socket),
      onFrame(data) {
        if (!isPresent()) return
        hear()
        onFrame(data)
      },
      onAlive: () => isPresent() && hear(),
      onEnd: (end) => isPresent() && down(end),
    })
    const timer = startLimit(clock, CONNECT_LIMIT, CONNECT_LIMIT, () => down({ code: 1006, reason: 'no answer' }))
    const hold = (isHeld: boolean) => {
      timer.hold(isHeld)
      socket.hold(isHeld)
    }
    turn({ type: 'connecting', socket, off: { cancel: timer.cancel, hold } })
  }

  function opened(socket: Socket) {
    const challenge = () => socket.ping() || ask()
    const { hear, stop } = startHeartbeat(clock, challenge, () => down({ code: 1006, reason: 'no sign of life' }))
    turn({ type: 'open', socket, openedAt: clock.now(), hear, off: { cancel: stop, hold: socket.hold } })
    if (users === 0 && !linger) startLinger()
  }

  function hear() {
    if (state.type === 'open') state.hear()
  }

  /** The socket is closed, refused or dead. It is dropped at once, without waiting for the other side. */
  function down(end: SocketEnd) {
    if (!('socket' in state)) return
    state.socket.drop()
    const now = clock.now()
    if (state.type === 'open' && now - state.openedAt >= STAYED_UP) failures = 0
    if (failures === 0) outage = { since: now, level: 0 }
    const { status = 0, code, isPermanent = false } = end
    const isRefused = isPermanent || code === 1008 || (status >= 400 && status < 500)
    const delay = isPermanent ? Infinity : delayAfter(isRefused, now)
    failures++
    // A socket that was in use is tried again even if its users leave meanwhile. One that never opened is not.
    if (state.type !== 'open') stopLinger()
    else if (users > 0) startLinger()
    wait({ failedAt: now, end, isRefused }, delay)
  }

  function delayAfter(isRefused: boolean, now: number) {
    if (isRefused) return Math.min(LONGEST_REFUSED, REFUSED_DELAY * 2 ** outage.level++) * (0.5 + random() / 2)
    return failures === 0 ? 0 : delayIn(outage, now, random)
  }

  function wait(own: Pick<Waiting, 'failedAt' | 'end' | 'isRefused'>, delay: number) {
    const go = () => (users > 0 || linger ? connect() : turn({ type: 'idle' }))
    const timer = clock.background(delay, go)
    const offOnline = whenOnline(go)
    const cancel = () => {
      timer.cancel()
      offOnline()
    }
    turn(
      { ...own, type: 'waiting', until: clock.now() + delay, off: { cancel, hold: timer.hold } },
      { end: own.end, delay: delay < Infinity ? delay : undefined },
    )
  }

  /** A new user need not sit out a long delay: the next connect comes as soon as in a short outage. */
  function hurry(own: Waiting) {
    const until = Math.max(clock.now(), own.failedAt + random() * JITTER)
    if (!own.isRefused && until < own.until) wait(own, until - clock.now())
  }

  function startLinger() {
    idleSince = clock.now()
    linger ??= clock.background(LINGER, lingered)
  }

  function stopLinger() {
    linger?.cancel()
    linger = undefined
  }

  // One timer serves, however many users come and go: if one has left since, it is set again for the rest of the time.
  function lingered() {
    linger = undefined
    const left = idleSince + LINGER - clock.now()
    if (users > 0) return
    if (left > 0) linger = clock.background(left, lingered)
    else if (state.type === 'open') {
      state.socket.drop()
      turn({ type: 'idle' }, { end: { code: 1000, reason: 'idle' } })
    }
  }

  return {
    state: () => state.type,
    acquire() {
      users++
      if (state.type === 'idle') connect()
      else if (state.type === 'waiting') hurry(state)
      if (users === 1) state.off?.hold(true)
    },
    release() {
      if (--users > 0) return
      state.off?.hold(false)
      if (state.type === 'open') startLinger()
    },
    dial() {
      if (state.type === 'idle') connect()
    },
    refusal: () => (state.type === 'waiting' && state.isRefused ? state.end : undefined),
    send(text) {
      if (state.type !== 'open') throw new Error('The socket is not open.')
      state.socket.send(text)
    },
    close() {
      if (state.type === 'closed') return
      stopLinger()
      if ('socket' in state) state.socket.drop()
      turn({ type: 'closed' }, { end: { code: 1000, reason: 'closed by us' } })
    },
  }
}
