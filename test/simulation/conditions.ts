// What may be wrong with a simulated provider at the moment.

export type Conditions = {
  /** What becomes of requests over http. */
  readonly http: 'fine' | 'refused' | 'hanging' | 'failing'
  /** What becomes of handshakes. */
  readonly handshakes: 'fine' | 'refused' | 'hanging'
  /** What an open socket no longer brings: what is pushed, or anything. */
  readonly silence: 'none' | 'pushes' | 'all'
  /** `early`: what is pushed comes before the confirmation. */
  readonly subscribe: 'fine' | 'refused' | 'unconfirmed' | 'early'
  /** Of frames that are pushed, 0 to 1 each. */
  readonly dropped: number
  readonly doubled: number
  readonly swapped: number
  /** The head is so many blocks behind. */
  readonly lag: number
}

export const healthy: Conditions = {
  http: 'fine',
  handshakes: 'fine',
  silence: 'none',
  subscribe: 'fine',
  dropped: 0,
  doubled: 0,
  swapped: 0,
  lag: 0,
}
