// What a promise rejects with, where a test is about nothing else.

import { inspect } from 'node:util'

/** Rejects if it resolves: that would be wrong. */
export function errorOf(promise: Promise<unknown>): Promise<any> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${inspect(value)}`)
    },
    (error) => error,
  )
}
