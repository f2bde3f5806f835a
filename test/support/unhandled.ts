// What would end a process of Node, seen by a test.

/** What would be an unhandled rejection, once all chains have run. */
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
