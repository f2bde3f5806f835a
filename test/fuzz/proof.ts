// A property with its share of the inputs, and how it is run: by the tests with a few thousand, by the script with a million.

import fc from 'fast-check'

export type Proof = {
  readonly name: string
  /** Of all inputs, against the other proofs. */
  readonly share: number
  readonly property: fc.IRawProperty<any>
}

/** How many of all inputs each proof gets. */
export function runsOf(proof: Proof, proofs: readonly Proof[], total: number): number {
  const shares = proofs.reduce((sum, { share }) => sum + share, 0)
  return Math.ceil((total * proof.share) / shares)
}

/** Throws with the seed, the path and the smallest input that breaks it. */
export async function prove({ property }: Proof, seed: number, numRuns: number, path?: string): Promise<void> {
  await fc.assert(property, { seed, numRuns, ...(path !== undefined && { path }) })
}
