// The first of the inputs that `npm run fuzz` tries, the same in each run: what is found there is kept by its seed.

import { describe, test } from 'vitest'
import { prove, runsOf } from './proof'
import { proofs } from './proofs'

const SEED = 1
const INPUTS = 20_000

describe('what comes from outside', () => {
  for (const proof of proofs) test(`behavior: ${proof.name}`, () => prove(proof, SEED, runsOf(proof, proofs, INPUTS)))
})
