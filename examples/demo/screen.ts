// The demo in a terminal: one table that is drawn again in place. Plain ANSI, at most 80 columns, about 25 lines.

import type { Scene } from './scenario'
import { scenes } from './scenario'
import type { Moment, View } from './view'
import { formatMs, formatSeconds, timesOf } from './view'
import type { Tally } from './watch'

const width = 78
const mostNotes = 5
const colors: Record<string, number> = { closed: 32, 'half-open': 33, open: 31 }

const paint = (code: number, text: string) => (process.env.NO_COLOR ? text : `\u001b[${code}m${text}\u001b[0m`)
const bold = (text: string) => paint(1, text)
const dim = (text: string) => paint(2, text)
const wellOrNot = (isWell: boolean) => (isWell ? 32 : 31)

export function createScreen(): View {
  const startedAt = performance.now()
  const total = scenes.reduce((sum, { duration }) => sum + duration.screen, 0) * 1_000
  let scene = 0
  let notes: { text: string; time: string; count: number }[] = []
  let drawn = 0
  let last: Moment | undefined

  const restore = () => process.stdout.write('\u001b[?25h')
  process.stdout.write('\u001b[?25l') // no cursor while it is drawn
  process.once('exit', restore)
  process.once('SIGINT', () => process.exit(130))

  function draw(moment: Moment) {
    last = moment
    const elapsed = performance.now() - startedAt
    const lines = [
      ...headOf(elapsed),
      ...rowsOf(moment, scenes[scene] as Scene),
      ...clientOf(moment),
      ...watchedOf(moment),
      ...storyOf(scene, Math.min(1, elapsed / total)),
      ...Array.from({ length: mostNotes }, (_, index) => noteOf(notes[index])),
    ]
    const up = drawn > 0 ? `\u001b[${drawn}A` : ''
    process.stdout.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}`)
    drawn = lines.length
  }

  return {
    begin(index) {
      scene = index
    },
    note(text) {
      const time = formatSeconds(performance.now() - startedAt).padStart(6)
      const previous = notes.at(-1)
      const count = previous?.text === text ? previous.count + 1 : 1
      notes = [...(count > 1 ? notes.slice(0, -1) : notes), { text, time, count }].slice(-mostNotes)
    },
    end: draw,
    tick: draw,
    close(lines) {
      if (last) draw(last)
      process.stdout.write(`\n${lines.map((line) => `  ${line}\n`).join('')}\n`)
    },
  }
}

function noteOf(note: { text: string; time: string; count: number } | undefined) {
  if (!note) return ''
  return `  ${dim(note.time)}  ${note.text}${note.count > 1 ? dim(`  (${note.count} times)`) : ''}`
}

function headOf(elapsed: number) {
  const title = 'viem-lasso   one viem client over three anvil nodes'
  const time = formatSeconds(elapsed)
  const gap = ' '.repeat(width - 2 - title.length - time.length)
  return [
    '',
    `  ${bold(title.slice(0, 10))}${dim(title.slice(10))}${gap}${dim(time)}`,
    `  ${dim('─'.repeat(width - 2))}`,
  ]
}

function rowsOf({ rows }: Moment, { state }: Scene) {
  const titles = `  ${'provider'.padEnd(12)}${'the node'.padEnd(16)}${'breaker'.padEnd(16)}${'p50'.padStart(9)}${'calls'.padStart(11)}`
  const lines = rows.map(({ id, breaker, p50, calls }, index) => {
    const node = index === 0 ? state : 'well'
    const numbers = `${formatMs(p50).padStart(9)}${`${calls}`.padStart(11)}`
    const shownNode = paint(wellOrNot(node === 'well'), node.padEnd(16))
    return `  ${bold(id.padEnd(12))}${shownNode}${paint(colors[breaker] ?? 0, `● ${breaker}`.padEnd(16))}${numbers}`
  })
  return [dim(titles), ...lines, '']
}

function clientOf({ counts, hedged }: Moment) {
  const { calls, failed, mined, times } = counts
  const { p50, p99 } = timesOf(times)
  const failures = paint(wellOrNot(failed === 0), `${failed} failed`)
  return [
    `  ${bold('client'.padEnd(12))}${`${calls} calls`.padEnd(16)}${failures}${' '.repeat(16 - `${failed} failed`.length)}${mined} transactions mined`,
    `  ${' '.repeat(12)}${'reads'.padEnd(16)}${`p50 ${p50}`.padEnd(16)}${`p99 ${p99}`.padEnd(16)}${hedged} hedged`,
  ]
}

function watchedOf({ watched: { blocks, events } }: Moment) {
  const row = (title: string, name: string, { seen, lost, doubled }: Tally) => {
    const [missing, twice] = [`${lost} lost`, `${doubled} doubled`].map((text) => text.padEnd(16))
    return `  ${bold(title.padEnd(12))}${`${seen} ${name}`.padEnd(16)}${paint(wellOrNot(lost === 0), missing!)}${paint(wellOrNot(doubled === 0), twice!)}`
  }
  return [row('watched', 'blocks', blocks), row('', 'events', events), '']
}

function storyOf(index: number, progress: number) {
  const { title, narration } = scenes[index] as Scene
  const cells = width - 2 - 6
  const done = Math.round(cells * progress)
  const bar = `${paint(36, '━'.repeat(done))}${dim('─'.repeat(cells - done))}`
  return [`  ${`${index + 1}/${scenes.length}`.padEnd(6)}${bar}`, `  ${bold(title)}`, `  ${narration}`, '']
}
