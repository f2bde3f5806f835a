// Links on the manual clock, over scripted sockets.

import { vi } from 'vitest'
import type { LinkChange } from '../../src/channel/link'
import { createLink } from '../../src/channel/link'
import { createManualClock } from '../support/manual-clock'
import type { ScriptedSocketsOptions } from '../support/scripted-sockets'
import { createScriptedSockets } from '../support/scripted-sockets'

export function makeLink(random: () => number = () => 0.5, options: ScriptedSocketsOptions = {}) {
  const clock = createManualClock()
  const sockets = createScriptedSockets(options)
  const changes: LinkChange[] = []
  const frames: unknown[] = []
  const ask = vi.fn()
  const link = createLink({
    open: sockets.open,
    clock,
    random,
    onFrame: (data) => frames.push(data),
    onChange: (change) => changes.push(change),
    ask,
  })
  const states = () => changes.map(({ to }) => to)
  return { clock, sockets, link, changes, frames, ask, states }
}

/** What a browser's window does for the `online` event; Node has none. */
export function stubEvents() {
  const events = new EventTarget()
  vi.stubGlobal('addEventListener', events.addEventListener.bind(events))
  vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events))
  return events
}

/** Up for six seconds, with a user. */
export async function stayedUp(...given: Parameters<typeof makeLink>) {
  const made = makeLink(...given)
  made.link.acquire()
  made.sockets.last.open()
  await made.clock.advance(6_000)
  made.changes.length = 0
  return made
}
