// One signal for many: aborted when all of theirs are.

import { expect, test } from 'vitest'
import { createController } from '../../src/base/abort'
import { createSharedSignal } from '../../src/channel/shared-signal'

function setUp() {
  const share = createSharedSignal()
  return function make() {
    const own = createController()
    let shared = undefined as AbortSignal | undefined
    let answer: (value: number) => void = () => {}
    let fail: (error: Error) => void = () => {}
    const outcome = share(own.signal, (signal) => {
      shared = signal
      return new Promise<number>((resolve, reject) => {
        answer = resolve
        fail = reject
      })
    }).catch((error: Error) => error)
    return {
      outcome,
      get shared() {
        return shared
      },
      giveUp: (reason: Error) => own.abort(reason),
      async answer(value: number) {
        answer(value)
        await outcome
      },
      async fail(error: Error) {
        fail(error)
        await outcome
      },
    }
  }
}

const enough = new Error('enough')

test('default: calls in flight have one signal, later ones another; it is not aborted', async () => {
  const make = setUp()
  const [one, two] = [make(), make()]
  await one.answer(1)
  const three = make()
  expect([two.shared, three.shared]).toEqual([one.shared, one.shared])
  await two.fail(enough)
  await three.answer(3)
  expect(await Promise.all([one.outcome, two.outcome, three.outcome])).toEqual([1, enough, 3])
  expect(make().shared).not.toBe(one.shared)
  expect(one.shared?.aborted).toBe(false)
})

test('behavior: one that is alone ends at once when it is given up, with the reason', async () => {
  const make = setUp()
  const one = make()
  one.giveUp(enough)
  expect(one.shared?.aborted).toBe(true)
  expect(await one.outcome).toBe(enough)
  expect(make().shared?.aborted).toBe(false)
})

test('behavior: beside others it rejects at once, and ends when they have their answers; nobody joins them any more', async () => {
  const make = setUp()
  const [one, two, three] = [make(), make(), make()]
  one.giveUp(enough)
  expect(await one.outcome).toBe(enough)
  expect(make().shared).not.toBe(one.shared)
  await two.answer(2)
  expect(one.shared?.aborted).toBe(false)
  await three.fail(new Error('refused'))
  expect(one.shared?.aborted).toBe(true)
})

test('behavior: what is answered after it was given up changes nothing', async () => {
  const make = setUp()
  const [one, two] = [make(), make()]
  one.giveUp(enough)
  await one.answer(1)
  expect([await one.outcome, two.shared?.aborted]).toEqual([enough, false])
  two.giveUp(enough)
  expect(two.shared?.aborted).toBe(true)
})

test('behavior: given up before, it is not sent', async () => {
  const own = createController()
  own.abort(enough)
  await expect(createSharedSignal()(own.signal, () => expect.fail('sent'))).rejects.toBe(enough)
})

test('behavior: no listener is left on the own signal', async () => {
  const counts = { add: 0, remove: 0 }
  const counted = {
    aborted: false,
    reason: undefined,
    addEventListener: () => counts.add++,
    removeEventListener: () => counts.remove++,
  }
  await createSharedSignal()(counted, async () => 1)
  expect(counts).toEqual({ add: 1, remove: 1 })
})

test('behavior: no more than a thousand have one signal, and Node does not warn of as many listeners', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  const share = createSharedSignal()
  const signals = new Map<AbortSignal, number>()
  for (let call = 0; call < 1_500; call++)
    share(createController().signal, (signal) => {
      signals.set(signal, (signals.get(signal) ?? 0) + 1)
      signal.addEventListener('abort', () => {})
      return new Promise(() => {})
    })
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', note)
  expect([[...signals.values()], warnings]).toEqual([[1_000, 500], []])
})
