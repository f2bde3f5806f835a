// What was seen already, within a bound.

import { describe, expect, test } from 'vitest'
import { createNovelty } from '../../src/base/novelty'

describe('createNovelty', () => {
  test('default: each key is new once', () => {
    expect(['a', 'b', 'a', 'b', 'c'].map(createNovelty(10))).toEqual([true, true, false, false, true])
  })

  test('behavior: past the bound the oldest is forgotten, however often it came', () => {
    expect(['a', 'b', 'a', 'c', 'b', 'c', 'a'].map(createNovelty(2))).toEqual([
      true,
      true,
      false,
      true,
      false,
      false,
      true,
    ])
  })
})
