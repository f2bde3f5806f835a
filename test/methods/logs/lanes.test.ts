// So many requests at a time to each provider.

import { describe, expect, test } from 'vitest'
import { createLanes } from '../../../src/methods/logs/lanes'

type Server = { readonly id: string }
const [a, b]: [Server, Server] = [{ id: 'a' }, { id: 'b' }]

function create() {
  const lanes = createLanes<Server>(() => 2)
  const take = (among: readonly Server[], owner: object = lanes) =>
    lanes.take(owner, (hasRoom) => (among.length === 0 ? undefined : (among.find(hasRoom) ?? 'wait')))
  return { lanes, take }
}

async function stateOf(promise: Promise<Server | undefined>) {
  return Promise.race([promise.then((server) => server?.id ?? 'none'), Promise.resolve('waits')])
}

describe('createLanes', () => {
  test('default: the first with room, then in line, in order', async () => {
    const { lanes, take } = create()
    const first = await Promise.all([1, 2, 3, 4].map(() => take([a, b])))
    expect(first).toEqual([a, a, b, b])
    const [fifth, sixth] = [take([a, b]), take([a, b])]
    lanes.give(b)
    expect(await fifth).toBe(b)
    expect(await stateOf(sixth)).toBe('waits')
    lanes.give(a)
    expect(await sixth).toBe(a)
  })

  test('behavior: those that wait for another one do not hold up those behind them', async () => {
    const { lanes, take } = create()
    await Promise.all([take([a]), take([a]), take([b]), take([b])])
    const [forA, forB] = [take([a]), take([b])]
    lanes.give(b)
    expect(await forB).toBe(b)
    expect(await stateOf(forA)).toBe('waits')
    lanes.give(a)
    expect(await forA).toBe(a)
  })

  test('behavior: however many of one owner wait for another one, those of others go on (they stood still until it had room)', async () => {
    const { lanes, take } = create()
    await Promise.all([take([a]), take([a]), take([b]), take([b])])
    const forA = Array.from({ length: 20 }, () => take([a]))
    const forB = [take([b], {}), take([b], {})]
    lanes.give(b)
    lanes.give(b)
    expect(await Promise.all(forB)).toEqual([b, b])
    expect(await stateOf(forA[0] as Promise<Server | undefined>)).toBe('waits')
  })

  test('behavior: owners take turns (who came later waited until the whole line before was served)', async () => {
    const { lanes, take } = create()
    await Promise.all([take([a]), take([a])])
    const told: string[] = []
    for (const [owner, name] of [
      [{}, 'long'],
      [{}, 'short'],
    ] as const)
      for (let at = 0; at < (name === 'long' ? 6 : 2); at++) void take([a], owner).then(() => told.push(name))
    for (let at = 0; at < 8; at++) lanes.give(a)
    await Promise.resolve()
    expect(told).toEqual(['long', 'short', 'long', 'short', 'long', 'long', 'long', 'long'])
  })

  test('behavior: nothing to wait for is told at once, also to those in line', async () => {
    const { lanes, take } = create()
    expect(await take([])).toBeUndefined()
    await Promise.all([take([a]), take([a])])
    const among = [a]
    const waiting = take(among)
    among.pop()
    lanes.give(a)
    expect(await waiting).toBeUndefined()
    expect(await take([a])).toBe(a)
  })
})
