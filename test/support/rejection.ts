// Gets the error that a promise rejects with, for tests of errors.

import { inspect } from 'node:util'

/** Resolves with the error that `promise` rejects with. Rejects if `promise` resolves. */
export function errorOf(promise: Promise<unknown>): Promise<any> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${inspect(value)}`)
    },
    (error) => error,
  )
}
