// Some of the inputs that `npm run fuzz` tries, always other ones: the seed stands in the failure.

import { describe, test } from 'vitest'
import { prove, runsOf } from './proof'
import { proofs } from './proofs'

const INPUTS = 20_000

describe('what comes from outside', () => {
  const seed = Date.now() | 0
  for (const proof of proofs) test(`behavior: ${proof.name}`, () => prove(proof, seed, runsOf(proof, proofs, INPUTS)))
})
