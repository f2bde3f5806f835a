// How many of the attempts of the last while were counted as failures. Silence ages it: what is older than the
// window never counts, however idle it was.

const SLOTS = 10

export type RatioWindow = {
  record(isFailure: boolean, now: number): void
  read(now: number): { attempts: number; failures: number }
  reset(): void
}

/** @param length how long an attempt counts (in ms). */
export function createRatioWindow(length: number): RatioWindow {
  const width = length / SLOTS
  const attempts = new Uint32Array(SLOTS)
  const failures = new Uint32Array(SLOTS)
  let slot = 0
  let totalAttempts = 0
  let totalFailures = 0

  function reset() {
    attempts.fill(0)
    failures.fill(0)
    totalAttempts = 0
    totalFailures = 0
  }

  function turn(now: number) {
    const current = Math.floor(now / width)
    if (current === slot) return current % SLOTS
    if (current - slot >= SLOTS) reset()
    else
      for (let old = slot + 1; old <= current; old++) {
        const index = old % SLOTS
        totalAttempts -= attempts[index] as number
        totalFailures -= failures[index] as number
        attempts[index] = 0
        failures[index] = 0
      }
    slot = current
    return current % SLOTS
  }

  return {
    record(isFailure, now) {
      const index = turn(now)
      attempts[index] = (attempts[index] as number) + 1
      totalAttempts++
      if (!isFailure) return
      failures[index] = (failures[index] as number) + 1
      totalFailures++
    },
    read(now) {
      turn(now)
      return { attempts: totalAttempts, failures: totalFailures }
    },
    reset,
  }
}
