// All kinds of failures, as a list that the compiler keeps complete.

import type { FailureKind } from '../../src/types'

const all: Record<FailureKind, true> = {
  network: true,
  timeout: true,
  'server-error': true,
  'invalid-response': true,
  auth: true,
  'rate-limit': true,
  quota: true,
  'unsupported-method': true,
  'range-too-large': true,
  'result-too-large': true,
  'missing-state': true,
  'block-not-available': true,
  'filter-not-found': true,
  'batch-refused': true,
  reverted: true,
  'invalid-params': true,
  'invalid-request': true,
  'transaction-rejected': true,
  'already-known': true,
  'user-rejected': true,
  'parse-error': true,
  unknown: true,
}

export const failureKinds = Object.keys(all) as FailureKind[]
