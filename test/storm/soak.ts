// Plays one storm after another for SOAK_MINUTES (default 60), with seeds from SEED on (default: taken from the time). Prints
// once a minute how many were played, and each storm that goes wrong, shrunk. If there was one, the exit code is 1.

import { runStorm } from './run'
import { shrinkStorm } from './shrink'
import { describeStorm, drawStorm } from './storm'

const MINUTE = 60_000
const minutes = Number(process.env.SOAK_MINUTES ?? 60)
const first = Number(process.env.SEED ?? Date.now() % 1_000_000_000)
const startedAt = performance.now()
const sum = { storms: 0, calls: 0, answered: 0, asked: 0, wrong: 0 }
let toldAt = startedAt

function say(text: string) {
  process.stdout.write(`${text}\n`)
}

function tell(seed: number) {
  const now = performance.now()
  const rate = ((sum.storms * MINUTE) / (now - startedAt)).toFixed(0)
  say(`${((now - startedAt) / MINUTE).toFixed(1)} min, seed ${seed}, ${rate} storms a minute: ${JSON.stringify(sum)}`)
  toldAt = now
}

async function play(seed: number) {
  const storm = drawStorm(seed)
  const outcome = await runStorm(storm)
  const { calls, answered, asked } = outcome.counts
  sum.storms++
  sum.calls += calls
  sum.answered += answered
  sum.asked += asked
  if (outcome.problems.length === 0) return
  sum.wrong++
  const { storm: smallest, problems } = await shrinkStorm(storm, outcome)
  say(`SEED=${seed} goes wrong (play it again: SEED=${seed} npx vitest run test/storm)\n${problems.join('\n')}`)
  say(describeStorm(smallest))
}

say(`Soaking for ${minutes} minutes from seed ${first} on.`)
let seed = first
for (; performance.now() - startedAt < minutes * MINUTE; seed++) {
  await play(seed)
  if (performance.now() - toldAt >= MINUTE) tell(seed)
}
tell(seed - 1)
process.exitCode = sum.wrong > 0 ? 1 : 0
