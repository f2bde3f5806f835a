// Streams of `failover` while three providers misbehave: every canonical block and log once, in order, orphans taken back.
// No wall-clock times: those are the bench's.

import { describe, expect, test } from 'vitest'
import { runScenario } from '../support/event-run'
import { scenarios } from '../support/event-scenarios'
import { failoverWatchers } from '../support/event-watch'

const flawless = { lost: 0, doubled: 0, ghosts: 0, disordered: 0 }
/** How long (in ms) what is still to come may take on a busy machine: it is not waited for once all is there. */
const patience = 30_000
/** So that an unconfirmed subscription is given up sooner. */
const watchers = failoverWatchers({ timeout: 2_000 })

describe('nothing is lost, doubled, misplaced or left standing', () => {
  test.concurrent.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    'behavior: %s',
    async (_, scenario) => {
      const { watches, logs, upstream } = await runScenario(scenario, watchers, { length: 'short', patience })
      expect(watches).toMatchObject(watches.map((watch) => ({ name: watch.name, verdict: flawless })))
      // Late ones only where frames are lost, and announced: else they would be out of order.
      if (!scenario.dropsFrames) expect(logs.late).toBe(0)
      // One upstream subscription per key, two while it moves, three if the new one takes long to confirm besides.
      expect(upstream.most).toBeLessThanOrEqual(3)
      expect(upstream.left).toBeLessThanOrEqual(1)
    },
  )
})
