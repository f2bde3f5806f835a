// How far back a provider keeps state.

import { describe, expect, test } from 'vitest'
import { createStateDepth } from '../../src/provider/state-depth'

const LASTS = 1_000

describe('createStateDepth', () => {
  test.each([
    [undefined, true, true, false],
    [true, true, true, false],
    [false, true, false, true],
    [500, true, true, true],
    [50, false, false, true],
  ])('default: declared %s, a block 128 and one 129 behind the head', (declared, at128, at129, limits) => {
    const depth = createStateDepth(declared, LASTS)
    expect([depth.keepsState(872, 1_000, 0), depth.keepsState(871, 1_000, 0)]).toEqual([at128, at129])
    expect(depth.limitsState()).toBe(limits)
  })

  test('behavior: while no head is known, only the first block is old', () => {
    const depth = createStateDepth(false, LASTS)
    expect([depth.keepsState(0, undefined, 0), depth.keepsState(1, undefined, 0)]).toEqual([false, true])
  })

  test('behavior: what was refused, and what is older, is missing for a while; the window moves on with the head', () => {
    const depth = createStateDepth(undefined, LASTS)
    expect(depth.learnMissingState(800, 1_000, 0)).toBe(true)
    expect([872, 871, 800, 1].map((block) => depth.keepsState(block, 1_000, 1))).toEqual([true, false, false, false])
    expect([882, 881].map((block) => depth.keepsState(block, 1_010, 1))).toEqual([true, false])
    expect([depth.limitsState(), depth.stateFrom(1)]).toEqual([true, 872])
    expect(depth.keepsState(800, 1_000, LASTS)).toBe(true)
    expect([depth.limitsState(), depth.stateFrom(LASTS)]).toEqual([false, undefined])
  })

  test('behavior: it is thought to keep half of what it would have had to, and what most nodes keep unless it refused that', () => {
    const depth = createStateDepth(undefined, LASTS)
    const refusedAt = (block: number) => [depth.learnMissingState(block, 10_000, 0), depth.stateFrom(0)]
    expect([2_000, 5_999, 6_000, 8_000, 9_000, 9_900].map(refusedAt)).toEqual([
      [true, 6_000],
      [false, 6_000],
      [true, 8_000],
      [true, 9_000],
      [true, 9_500],
      [true, 9_950],
    ])
  })

  test('behavior: without a head twice as many more are thought to be missing each time, but never the newest once one is known', () => {
    const depth = createStateDepth(undefined, LASTS)
    expect(depth.learnMissingState(800, undefined, 0)).toBe(true)
    expect([929, 928].map((block) => depth.keepsState(block, undefined, 1))).toEqual([true, false])
    expect(depth.learnMissingState(929, undefined, 0)).toBe(true)
    expect(depth.stateFrom(0)).toBe(929 + 256 + 1)
    expect([930, 929].map((block) => depth.keepsState(block, 1_058, 1))).toEqual([true, false])
  })

  test('behavior: state that every node keeps is not old because one did not have it', () => {
    const depth = createStateDepth(undefined, LASTS)
    expect(depth.learnMissingState(968, 1_000, 0)).toBe(false)
    expect(depth.learnMissingState(967, 1_000, 0)).toBe(true)
  })

  test('behavior: nothing is learned over what was declared', () => {
    const depth = createStateDepth(true, LASTS)
    expect(depth.learnMissingState(1, 1_000, 0)).toBe(false)
    expect(depth.keepsState(1, 1_000, 0)).toBe(true)
  })

  test('behavior: it is unlearned when it has it after all, and when the chain was set back', () => {
    const depth = createStateDepth(undefined, LASTS)
    depth.learnMissingState(800, 1_000, 0)
    depth.proveState(850)
    expect(depth.stateFrom(0)).toBe(850)
    depth.proveState(900)
    expect(depth.stateFrom(0)).toBe(850)
    depth.proveState(700)
    expect(depth.stateFrom(0)).toBeUndefined()
    depth.learnMissingState(800, 1_000, 0)
    depth.forgetState()
    expect(depth.keepsState(1, 1_000, 0)).toBe(true)
  })
})
