// The rule of leaving nothing behind: no permit is held once all calls have ended; no timer, call or socket is left after
// close().

import type { StormWorld } from './world'

export function idleProblems(world: StormWorld): string[] {
  const { providers, ids } = world
  const held = permitProblems(world, 'when all had ended')
  const left = providers.flatMap(({ office: { pending }, sockets, subscriptions }, index) => {
    const counts = { 'posts under way': pending, sockets, subscriptions }
    return Object.entries(counts).flatMap(([what, count]) =>
      count > 0 ? [`left: ${count} ${what} at ${ids[index]} when all had ended`] : [],
    )
  })
  return [...held, ...left, ...world.timers().map((timer) => `left: a timer when all had ended: ${timer}`)]
}

export function closedProblems(world: StormWorld): string[] {
  const { providers, ids } = world
  const left = providers.flatMap(({ office: { pending }, sockets }, index) =>
    pending + sockets > 0 ? [`left: ${pending} posts and ${sockets} sockets at ${ids[index]} after close()`] : [],
  )
  const timers = world.timers().map((timer) => `left: a timer after close(): ${timer}`)
  return [...permitProblems(world, 'after close()'), ...left, ...timers]
}

function permitProblems({ engine }: StormWorld, when: string): string[] {
  return engine.providers.flatMap(({ id, quota, channels }) => {
    const inFlight = quota.inFlight + channels.reduce((sum, channel) => sum + channel.inFlight, 0)
    const probing = channels.filter(({ breaker }) => breaker.isProbing()).length
    return [
      ...(inFlight > 0 ? [`left: ${inFlight} permits of ${id} ${when}`] : []),
      ...(probing > 0 ? [`left: ${probing} probes of ${id} ${when}`] : []),
    ]
  })
}
