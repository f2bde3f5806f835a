// Readers of one stream, to be waited for; whoever waits for what does not come is told what came.

import { headOf } from './anvil-watchers'

/** How long one waits (in ms): longer than any fault of a test lasts. */
const patience = 15_000

/** Reads a stream in the background. */
export function readerOf<item>(items: AsyncIterable<item>) {
  const seen: item[] = []
  let check = () => {}
  const ended = (async () => {
    for await (const item of items) {
      seen.push(item)
      check()
    }
  })()
  ended.catch(() => {})
  return { seen, ended, until: (isDone: () => boolean) => wait(isDone, seen, (again) => (check = again)) }
}

type Pushed = { subscription: string; result: any }

/** What one subscription pushes. */
export function createSink<item>(read: (result: any) => item, onEach: (data: Pushed) => void = () => {}) {
  const seen: item[] = []
  let check = () => {}
  return {
    seen,
    onData(data: any) {
      seen.push(read(data.result))
      onEach(data)
      check()
    },
    onError() {},
    until: (isDone: () => boolean) => wait(isDone, seen, (again) => (check = again)),
  }
}

/** The heads of one subscription, by number. */
export function createHeads(onEach?: (data: Pushed) => void) {
  const sink = createSink((result) => headOf(result).number, onEach)
  const { seen: numbers, until } = sink
  /** Resolves when a head of this height or a higher one has come. */
  const reached = (number: bigint) => until(() => (numbers.at(-1) ?? -1n) >= number)
  return { ...sink, numbers, reached }
}

function wait(isDone: () => boolean, seen: readonly unknown[], onCheck: (check: () => void) => void) {
  return new Promise<void>((resolve, reject) => {
    const text = () => JSON.stringify(seen, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
    const timer = setTimeout(() => reject(new Error(`not yet there; until now: ${text()}`)), patience)
    const check = () => {
      if (!isDone()) return
      clearTimeout(timer)
      resolve()
    }
    onCheck(check)
    check()
  })
}
