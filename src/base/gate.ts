// Lets so many tasks run at a time; the others wait in order. What waits is bounded by those who ask.

export type Gate = {
  run<value>(task: () => Promise<value>): Promise<value>
}

export function createGate(most: number): Gate {
  const waiting: (() => void)[] = []
  let running = 0
  return {
    async run(task) {
      if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
      else running++
      try {
        return await task()
      } finally {
        // The one that waits takes over its turn.
        const next = waiting.shift()
        if (next) next()
        else running--
      }
    },
  }
}
