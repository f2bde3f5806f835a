// Methods that the user shows to some providers only. Pure.

export type Wall = {
  /** A method's name, or the beginning of many: `eth_get*`. */
  readonly of: string
  /** By their places in the list; the order in which they are asked. */
  readonly providers: readonly number[]
}

/** A name goes before the beginning of one. */
export function wallOf(method: string, walls: readonly Wall[]): Wall | undefined {
  const fits = ({ of }: Wall) => of.endsWith('*') && method.startsWith(of.slice(0, -1))
  return walls.find(({ of }) => of === method) ?? walls.find(fits)
}

/** Whether no wall keeps anything from this provider. */
export function isInside(provider: number, walls: readonly Wall[]): boolean {
  return walls.every(({ providers }) => providers.includes(provider))
}
