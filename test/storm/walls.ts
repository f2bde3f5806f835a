// Walls: methods that only some providers may see (the option `methods`). Pure.

export type Wall = {
  /** The name of a method, or a prefix with `*`: `eth_get*`. */
  readonly of: string
  /** Indices of the providers inside of the wall, in the order in which they are asked. */
  readonly providers: readonly number[]
}

/** The wall that holds for a method: one by its name goes before one by a prefix. */
export function wallOf(method: string, walls: readonly Wall[]): Wall | undefined {
  const fits = ({ of }: Wall) => of.endsWith('*') && method.startsWith(of.slice(0, -1))
  return walls.find(({ of }) => of === method) ?? walls.find(fits)
}

/** Whether a provider is inside of all walls, so that it may see every method. */
export function isInside(provider: number, walls: readonly Wall[]): boolean {
  return walls.every(({ providers }) => providers.includes(provider))
}
