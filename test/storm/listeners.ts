// A program that subscribes to pending transactions. It checks that it is told none twice, none that was pending nowhere, and
// each that its source heard of while the stream came from there.

import type { StormWorld } from './world'

export type Listener = {
  problems(): string[]
  leave(): void
}

const KIND = 'newPendingTransactions'

/** A span of time (in ms) during which the stream came from one source. */
type Stay = { readonly from: number; to: number }

export function startListener(world: StormWorld, from: number): Listener {
  const { storm, clock, engine, face, gossip, providers, note } = world
  const name = `listener from ${from}`
  const given: string[] = []
  const stays: Stay[] = []
  let since = Infinity
  let hasLeft = false
  let unsubscribe = () => {}

  engine.events.on('subscription', ({ key, to, channel }) => {
    const last = stays.at(-1)
    if (key !== KIND) return
    if (last && last.to === Infinity) last.to = clock.now()
    if (to === 'live' && channel === 'ws') stays.push({ from: clock.now(), to: Infinity })
  })
  const onData = ({ result }: { result: unknown }) => {
    given.push(result as string)
    note(`${name} < ${String(result).slice(0, 10)}`)
  }
  engine.subscriptions
    .subscribe(face, { params: [KIND], onData, onError: () => {} }, undefined)
    .then((subscription) => {
      since = clock.now()
      unsubscribe = () => void subscription.unsubscribe()
      if (hasLeft) unsubscribe()
    })
    // It is refused if no provider has this kind of subscription.
    .catch(() => {})

  function lost(): string[] {
    // Frames that are pushed over a lost socket, or while we sleep, may be missing.
    if (storm.sleeps.length > 0) return []
    const slowest = Math.max(...providers.map(({ plan: { latency } }) => latency[1]))
    const told = new Set(given)
    const heard = gossip.all.filter(({ from, heardAt }) =>
      stays.some(
        (stay) =>
          from > Math.max(stay.from, since, storm.duration) && heardAt + slowest < Math.min(stay.to, clock.now()),
      ),
    )
    return heard
      .filter(({ hash }) => !told.has(hash))
      .map(({ hash, from }) => `${hash} was lost, pending since ${from}`)
  }

  return {
    problems() {
      const twice = given.length - new Set(given).size
      const ghosts = given.filter((hash) => gossip.find(hash) === undefined)
      return [
        ...(twice > 0 ? [`${twice} were told once more`] : []),
        ...ghosts.map((hash) => `${hash} was told, and nowhere pending`),
        ...lost(),
      ].map((what) => `listeners: ${name}: ${what}`)
    },
    leave() {
      hasLeft = true
      unsubscribe()
    },
  }
}
