// Catches unhandled rejections, which would end a process of Node.

/** Calls `run`, lets all promise chains run, and resolves with the reasons of unhandled rejections. */
export async function unhandled(run: () => void): Promise<unknown[]> {
  const seen: unknown[] = []
  const note = (reason: unknown) => void seen.push(reason)
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', note)
  run()
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  for (const other of others) process.on('unhandledRejection', other)
  return seen
}
