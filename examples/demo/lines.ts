// The demo without a terminal: the same story as lines, one summary for each scene.

import { scenes } from './scenario'
import type { View } from './view'
import { formatMs, formatSeconds, formatTally, timesOf } from './view'

export function createLines(): View {
  const startedAt = performance.now()
  let lastNote = ''
  let seen = { calls: 0, failed: 0, times: 0 }

  const stamp = () => `[${formatSeconds(performance.now() - startedAt).padStart(6)}]`
  const say = (text: string) => console.log(`${stamp()}     ${text}`)

  console.log('viem-lasso: one client over three anvil nodes; the first one gets into trouble.\n')
  return {
    begin(index) {
      const { title, narration } = scenes[index] ?? scenes[0]!
      console.log(`${stamp()} ${index + 1}/${scenes.length} ${title}`)
      say(narration)
    },
    note(text) {
      if (text !== lastNote) say(text)
      lastNote = text
    },
    end({ rows, counts, watched }) {
      const { p50, p99 } = timesOf(counts.times, seen.times)
      const [calls, failed] = [counts.calls - seen.calls, counts.failed - seen.failed]
      say(`client: ${calls} calls, ${failed} failed, reads p50 ${p50}, p99 ${p99}`)
      say(`watched so far: blocks ${formatTally(watched.blocks)}; events ${formatTally(watched.events)}`)
      say(`breakers: ${rows.map(({ id, breaker }) => `${id} ${breaker}`).join(', ')}`)
      say(
        `calls so far: ${rows.map(({ id, calls: made, p50: own }) => `${id} ${made} (p50 ${formatMs(own)})`).join(', ')}`,
      )
      console.log('')
      seen = { calls: counts.calls, failed: counts.failed, times: counts.times.length }
    },
    tick() {},
    close(lines) {
      for (const line of lines) console.log(line)
    },
  }
}
