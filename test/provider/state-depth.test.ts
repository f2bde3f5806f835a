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
    expect([801, 800, 1].map((block) => depth.keepsState(block, 1_000, 1))).toEqual([true, false, false])
    expect([811, 810].map((block) => depth.keepsState(block, 1_010, 1))).toEqual([true, false])
    expect([depth.limitsState(), depth.stateFrom(1)]).toEqual([true, 801])
    expect(depth.keepsState(800, 1_000, LASTS)).toBe(true)
    expect([depth.limitsState(), depth.stateFrom(LASTS)]).toEqual([false, undefined])
  })

  test('behavior: without a head it is the block that counts', () => {
    const depth = createStateDepth(undefined, LASTS)
    expect(depth.learnMissingState(800, undefined, 0)).toBe(true)
    expect([801, 800].map((block) => depth.keepsState(block, 5_000, 1))).toEqual([true, false])
  })

  test('behavior: older state refused later is no news, newer state is', () => {
    const depth = createStateDepth(undefined, LASTS)
    expect([700, 600, 800].map((block) => depth.learnMissingState(block, 1_000, 0))).toEqual([true, false, true])
    expect(depth.stateFrom(0)).toBe(801)
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
    depth.proveState(801)
    expect(depth.stateFrom(0)).toBe(801)
    depth.proveState(700)
    expect(depth.stateFrom(0)).toBeUndefined()
    depth.learnMissingState(800, 1_000, 0)
    depth.forgetState()
    expect(depth.keepsState(1, 1_000, 0)).toBe(true)
  })
})
