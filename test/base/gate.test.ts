import { describe, expect, test } from 'vitest'
import { createGate } from '../../src/base/gate'

/** Tasks that end when told. */
function tasksOf(gate: ReturnType<typeof createGate>, count: number) {
  const started: number[] = []
  const ends: (() => void)[] = []
  const all = Array.from({ length: count }, (_, index) =>
    gate.run(() => {
      started.push(index)
      return new Promise<number>((resolve, reject) => {
        ends[index] = () => (index === 1 ? reject(new Error('It failed.')) : resolve(index))
      })
    }),
  )
  return { started, ends, all }
}

describe('createGate', () => {
  test('default: so many at a time, the others in order; one that fails makes room too', async () => {
    const { started, ends, all } = tasksOf(createGate(2), 4)
    const settled = Promise.allSettled(all)
    expect(started).toEqual([0, 1])
    ends[1]?.()
    await expect(all[1]).rejects.toThrow('It failed.')
    expect(started).toEqual([0, 1, 2])
    ends[0]?.()
    await all[0]
    expect(started).toEqual([0, 1, 2, 3])
    ends[2]?.()
    ends[3]?.()
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  })
})
