// Keeps one socket up while somebody needs it: connects, watches that it lives, reconnects, and lets it go. Knows no frames.

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
  /** Connects since the link last stayed up, this one included. */
  readonly attempt: number
  /** How the socket ended, if one did. */
  readonly end?: SocketEnd | undefined
  /** Until the next connect, if somebody needs it then (in ms); none if it would fail again. */
  readonly delay?: number | undefined
}

export type LinkOptions = {
  /** Makes a socket; calls no event before it has returned. */
  open: (events: SocketEvents) => Socket
  clock: Clock
  random: Random
  /** A frame of the present socket. */
  onFrame: (data: unknown) => void
  /** The state has changed. */
  onChange: (change: LinkChange) => void
  /** Makes the other side send something, where the platform has no ping. */
  ask: () => void
}

export type Link = {
  state(): SocketState
  /** Somebody needs the socket until `release`: connects, and reconnects for ever. Keeps the process alive. */
  acquire(): void
  release(): void
  /** Connects if it is idle, for whoever comes next. Does not keep the process alive. */
  dial(): void
  /** Why nobody is dialled for now: the other side has refused us and must be left alone, or the machine is offline. */
  refusal(): SocketEnd | undefined
  /** Throws if the socket cannot take it. */
  send(text: string): void
  close(): void
}

type Connecting = { type: 'connecting'; socket: Socket; off: Off }
type Open = { type: 'open'; socket: Socket; openedAt: number; hear: () => void; off: Off }
type Waiting = { type: 'waiting'; failedAt: number; until: number; end: SocketEnd; isRefused: boolean; off: Off }
type State = { type: 'idle'; off?: Off } | Connecting | Open | Waiting | { type: 'closed'; off?: Off }
/** Stops what runs while the state lasts; `hold` says whether it keeps the process alive. */
type Off = { cancel(): void; hold(isHeld: boolean): void }

// All in ms.
const CONNECT_LIMIT = 10_000
/** Shorter lives do not count as up: a server that accepts and drops must not be hammered. */
const STAYED_UP = 5_000
const LINGER = 5_000
const OFFLINE_DELAY = 30_000
const REFUSED_DELAY = 5_000
const LONGEST_REFUSED = 60_000
const OFFLINE: SocketEnd = { code: 1006, reason: 'the machine is offline' }

export function createLink({ open, clock, random, onFrame, onChange, ask }: LinkOptions): Link {
  let state: State = { type: 'idle' }
  let users = 0
  /** Failures since the link last stayed up, and the outage that began with the first of them. */
  let failures = 0
  let outage: Outage = { since: 0, level: 0 }
  let idleSince = 0
  let linger: Timer | undefined

  function turn(next: State, more: Pick<LinkChange, 'end' | 'delay'> = {}) {
    const from = state.type
    state.off?.cancel()
    state = next
    next.off?.hold(users > 0)
    onChange({ from, to: next.type, attempt: failures + 1, ...more })
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

  /** The socket is gone, refused or dead: it is left behind, not waited for. */
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
    // One that was needed is worth a try, also if nobody needs it just now; one that could not be reached is not.
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
    const next: Waiting = { ...own, type: 'waiting', until: clock.now() + delay, off: { cancel, hold: timer.hold } }
    if (state.type !== 'waiting') return turn(next, { end: own.end, delay: delay < Infinity ? delay : undefined })
    state.off.cancel()
    state = next
    timer.hold(users > 0)
  }

  /** Callers do not sit out a long delay: the next connect comes as soon as in a short outage. */
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

  // One timer however many calls come and go.
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
