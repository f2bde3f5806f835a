// A real EVM node for tests and the demo: the anvil of the npm package, on a port that the system chooses. Ends only the
// process it started. Needs no npx and no install script, and does not wait by time.

import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'

export type AnvilOptions = {
  /** More arguments of anvil, e.g. `['--block-time', '1']`. */
  args?: readonly string[] | undefined
  /** @default 31_337 */
  chainId?: number | undefined
  /** The port; 0 lets the system choose. To bring a node back, give the port that it had. @default 0 */
  port?: number | undefined
}

export type Anvil = {
  readonly url: string
  readonly wsUrl: string
  readonly port: number
  readonly pid: number
  readonly process: ChildProcess
  /** Sends a signal and resolves when the process has ended. @default 'SIGKILL' */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Ends the node, first by a polite signal. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** How long a node may take to end by itself after `close` (in ms). */
const closeLimit = 2_000

export async function startAnvil({ args = [], chainId = 31_337, port = 0 }: AnvilOptions = {}): Promise<Anvil> {
  const child = spawn(anvilPath(), ['--host', '127.0.0.1', '--port', `${port}`, '--chain-id', `${chainId}`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const killNow = () => void child.kill('SIGKILL')
  process.once('exit', killNow)
  void ended.then(() => process.off('exit', killNow))

  const listeningPort = await listening(child)

  async function kill(signal: NodeJS.Signals = 'SIGKILL') {
    child.kill(signal)
    await ended
  }

  async function close() {
    const timer = setTimeout(killNow, closeLimit)
    await kill('SIGTERM')
    clearTimeout(timer)
  }

  return {
    url: `http://127.0.0.1:${listeningPort}`,
    wsUrl: `ws://127.0.0.1:${listeningPort}`,
    port: listeningPort,
    pid: child.pid as number,
    process: child,
    kill,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Resolves with the port once the node prints that it listens; rejects with its output if it ends before. */
function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    const read = (chunk: Buffer) => {
      said += chunk.toString()
      const port = /Listening on [^\s]*:(\d+)/.exec(said)?.[1]
      if (port === undefined) return
      // From here on the output is read and dropped: a full pipe would block the node.
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', read).resume()
      resolve(Number(port))
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      reject(new Error(`anvil ended (${code ?? signal}) before it listened.\n${said}`)),
    )
  })
}

/** The path of the binary in the package for this platform. The launcher of the package would be one more process. */
function anvilPath(): string {
  const [system, machine] = [process.platform, { x64: 'amd64', arm64: 'arm64' }[process.arch as string]]
  const name = `@foundry-rs/anvil-${system}-${machine}/bin/anvil${system === 'win32' ? '.exe' : ''}`
  const packagePath = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
  try {
    return createRequire(packagePath).resolve(name)
  } catch (cause) {
    throw new Error(`anvil is not installed for this platform: ${name} is missing.`, { cause })
  }
}
