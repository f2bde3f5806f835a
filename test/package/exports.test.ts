// What the package gives away, by name: a new export is a promise, a lost one breaks users. Types are in *.test-d.ts.

import { expect, test } from 'vitest'
import * as door from '../../src/index'

test('default: the values of the root', () => {
  expect(Object.keys(door).sort()).toEqual([
    'AllProvidersFailedError',
    'ChainMismatchError',
    'InvalidOptionsError',
    'InvalidResponseError',
    'LogRangeTooWideError',
    'NoProviderError',
    'SubscriptionGapError',
    'TransportClosedError',
    'createProvider',
    'failover',
  ])
})
