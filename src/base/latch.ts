// Something that many wait for and that happens once.

export type Latch = {
  /** Resolves when it is opened; at once from then on. */
  readonly opened: Promise<void>
  /** Idempotent. */
  open(): void
}

export function createLatch(): Latch {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
