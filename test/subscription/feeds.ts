// Providers with scripted sockets, and the places over them, for the tests of code that subscribes at a place.

import { createEvents } from '../../src/events'
import type { Parts } from '../../src/request/flight'
import type { ClientChannels, RequestOverrides } from '../../src/request/route/plan'
import { createPlanner } from '../../src/request/route/plan'
import type { Place } from '../../src/subscription/source/place'
import { createPlaces } from '../../src/subscription/source/places'
import type { Given } from '../provider/providers'
import { createProviders } from '../provider/providers'
import { createManualClock } from '../support/manual-clock'
import type { ScriptedFeed } from '../support/scripted-feed'
import { createScriptedFeed } from '../support/scripted-feed'
import { planSettings } from '../support/settings'

export function createFeeds(
  given: readonly Given[] | number,
  random: () => number = () => 0.5,
  overrides?: RequestOverrides,
) {
  const clock = createManualClock(1_000_000)
  const setups = typeof given === 'number' ? Array.from({ length: given }, (): Given => ({})) : given
  const providers = createProviders(setups.map((setup) => ({ channels: ['ws'], ...setup })))
  const states = providers.flatMap(({ channels }) => channels)
  const feeds = states.map(() => createScriptedFeed({ clock }))
  const planner = createPlanner(planSettings)
  const events = createEvents()
  const known = { chainId: undefined, version: 0 }
  const parts = { clock, random, channels: states, events, ...known } as unknown as Parts
  const places = createPlaces(
    parts,
    feeds as unknown as ClientChannels,
    planner({ method: 'eth_subscribe' }, overrides),
  )
  const feed = (number: number) => feeds[number - 1] as ScriptedFeed
  return {
    clock,
    events,
    providers,
    places,
    feed,
    place: (number: number) => places.list('none of these').find(({ id }) => id === `p${number}`) as Place,
    /** Changes the state of a provider's socket. */
    become(number: number, state: ReturnType<ScriptedFeed['socket']>) {
      feed(number).become(state)
      places.onSocket(`p${number}`, state)
    },
  }
}
