// One listener for all that wait for the same signal.

import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { untilAborted, whenAborted } from '../../src/base/when-aborted'

test('default: all are told, by one listener, which goes with the last of them', () => {
  const controller = new AbortController()
  const { signal } = controller
  const told: number[] = []
  const offs = Array.from({ length: 20 }, (_, index) => whenAborted(signal, () => told.push(index)))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  for (const off of offs) off()
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  const off = whenAborted(signal, () => told.push(20))
  whenAborted(signal, () => {
    off()
    told.push(21)
  })
  controller.abort()
  expect(told).toEqual([20, 21])
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test('behavior: one that is told may take another one back', () => {
  const controller = new AbortController()
  const told: string[] = []
  let offSecond = () => {}
  whenAborted(controller.signal, () => {
    told.push('first')
    offSecond()
  })
  offSecond = whenAborted(controller.signal, () => told.push('second'))
  controller.abort()
  expect(told).toEqual(['first'])
})

test('untilAborted: what the promise brings, or the reason, whatever that is; no listener is left', async () => {
  const controller = new AbortController()
  const { signal } = controller
  expect(await untilAborted(Promise.resolve(1), signal)).toBe(1)
  await expect(untilAborted(Promise.reject('lost'), signal)).rejects.toBe('lost')
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  const waiting = Array.from({ length: 20 }, () => untilAborted(new Promise(() => {}), signal))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  controller.abort('enough')
  for (const one of [...waiting, untilAborted(Promise.resolve(1), signal)]) await expect(one).rejects.toBe('enough')
})
