// Randomness. It is handed in wherever something is drawn, so that tests can decide what is drawn.

/** A number in [0, 1). */
export type Random = () => number

export const realRandom: Random = () => Math.random()
