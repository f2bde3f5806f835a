// One listener for all that wait for the same signal.

import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { whenAborted } from '../../src/base/when-aborted'

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
