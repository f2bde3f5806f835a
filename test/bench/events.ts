// The bench of streams: which events the watchers of each client lose, double, fail to take back or give late, while three
// providers misbehave.

import type { EventOutcome } from '../support/event-run'
import { runScenario } from '../support/event-run'
import type { Scenario } from '../support/event-scenarios'
import type { EventPeerMaker } from '../support/event-watch'
import { firstLineOf, formatNumber, tableOf } from './measure'

/** How long the last events may take to come, late ones included (in ms). */
const patience = 2_500
/** Highest share of late logs in scenarios that drop frames. */
const mostLate = 0.01

/** Prints the table. Returns a sentence for each limit that was missed. */
export async function benchEvents(
  scenarios: readonly Scenario[],
  makers: readonly EventPeerMaker[],
): Promise<string[]> {
  console.log(`## Watching blocks and logs

Three loopback providers (HTTP and WebSocket), a block every 100 ms, three logs a block; two watchers of blocks and two of
logs a client, the worst of two counts. A cell: heads lost/doubled; logs lost/doubled/ghosts (orphaned, never taken back);
told out of order; told late, announced; longest silence (in ms).
`)
  const problems: string[] = []
  const notes: string[] = []
  const rows: string[][] = []
  const crashes = countCrashes()
  for (const scenario of scenarios) {
    const cells = await Promise.all(
      makers.map(async (maker) => {
        const outcome = await attempt(scenario, maker)
        if (typeof outcome === 'string') notes.push(`${scenario.name}, ${maker.name}: ${outcome}`)
        return { maker, outcome }
      }),
    )
    for (const { maker, outcome } of cells) {
      if (maker.name !== 'failover') continue
      if (typeof outcome === 'string') problems.push(`${scenario.name}: ${outcome}`)
      else problems.push(...(await problemsAfterAll(scenario, maker, outcome)))
    }
    const row = [
      scenario.name,
      ...cells.map(({ outcome }) => (typeof outcome === 'string' ? 'failed' : cellOf(outcome))),
    ]
    rows.push(row)
    process.stderr.write(`${row.join(' | ')}\n`)
  }
  for (const message of crashes.stop()) notes.push(`thrown where nobody can catch it: ${message}`)
  console.log(tableOf(['what happens', ...makers.map(({ name }) => name)], rows))
  console.log(['', ...notes.map((note) => `- ${note}`), ''].join('\n'))
  return problems
}

function attempt(scenario: Scenario, maker: EventPeerMaker): Promise<EventOutcome | string> {
  return runScenario(scenario, maker, { patience }).catch((error) => String(error))
}

/** If only a limit of time was missed, the scenario runs up to twice more, alone: a noisy machine only makes it slower. */
async function problemsAfterAll(scenario: Scenario, maker: EventPeerMaker, first: EventOutcome): Promise<string[]> {
  let outcome: EventOutcome | string = first
  for (let turn = 1; ; turn++) {
    if (typeof outcome === 'string') return [`${scenario.name}: ${outcome}`]
    const wrong = faultsOf(scenario, outcome)
    const silence = Math.max(outcome.heads.silence, outcome.logs.silence)
    if (wrong.length > 0 || silence <= scenario.silence) return wrong
    if (turn === 3) return [`${scenario.name}: silent for ${Math.round(silence)} ms, limit ${scenario.silence}`]
    outcome = await attempt(scenario, maker)
  }
}

/** What an outcome has wrong, apart from limits of time. */
export function faultsOf({ name, dropsFrames = false }: Scenario, { heads, logs, upstream }: EventOutcome): string[] {
  const lateLimit = dropsFrames ? Math.ceil(logs.expected * mostLate) : 0
  const counted: [what: string, value: number, limit: number][] = [
    ['heads lost', heads.lost, 0],
    ['heads doubled', heads.doubled, 0],
    ['heads that are none', heads.ghosts, 0],
    ['heads out of order', heads.disordered, 0],
    ['logs lost', logs.lost, 0],
    ['logs doubled', logs.doubled, 0],
    ['ghosts', logs.ghosts, 0],
    ['logs out of order', logs.disordered, 0],
    ['logs late', logs.late, lateLimit],
    ['equal upstream subscriptions at a time', upstream.most, name === 'quiet' ? 1 : 2],
    ['equal upstream subscriptions at the end', upstream.left, 1],
  ]
  return counted.filter(([, value, limit]) => value > limit).map(([what, value]) => `${name}: ${value} ${what}`)
}

function cellOf({ heads, logs }: EventOutcome): string {
  const disordered = heads.disordered + logs.disordered
  return [
    `${heads.lost}/${heads.doubled}`,
    `${logs.lost}/${logs.doubled}/${logs.ghosts}`,
    ...(disordered > 0 ? [`${disordered} out of order`] : []),
    ...(logs.late > 0 ? [`${logs.late} late`] : []),
    `${formatNumber(Math.max(heads.silence, logs.silence))} ms`,
  ].join('; ')
}

/** Counts errors that some clients throw where no code can catch them: each would have ended the program. */
function countCrashes() {
  const messages = new Set<string>()
  const onError = (error: unknown) => void messages.add(firstLineOf(error))
  const { error } = console
  console.error = () => {} // viem prints each socket that it cannot open
  process.on('uncaughtException', onError)
  process.on('unhandledRejection', onError)
  return {
    stop() {
      console.error = error
      process.off('uncaughtException', onError)
      process.off('unhandledRejection', onError)
      return messages
    },
  }
}
