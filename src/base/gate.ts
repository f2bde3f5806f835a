// Lets a limited number of tasks run at a time; the others wait in order. The queue is not bounded here: its callers bound it.

export type Gate = {
  run<value>(task: () => Promise<value>): Promise<value>
}

/** @param most tasks that may run at a time. */
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
        // The next waiting task takes over the place of this one, so `running` stays as it is.
        const next = waiting.shift()
        if (next) next()
        else running--
      }
    },
  }
}
