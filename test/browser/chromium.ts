// The system's Chromium with an empty profile. It is started here and not by Playwright, which would keep every page visible
// and focused: here a tab behind another one is hidden, as it is for people.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { chromium } from 'playwright-core'

export type Chromium = {
  readonly context: BrowserContext
  close(): Promise<void>
}

const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-component-update',
  '--remote-debugging-port=0',
]
// Else the first tab goes to a search engine, and Playwright waits for it: for ever where packets to it get lost.
const firstPage = 'about:blank'

export async function startChromium(): Promise<Chromium> {
  const path = process.env.CHROMIUM ?? paths.find((one) => existsSync(one))
  if (!path) throw new Error(`There is no Chromium: install it (apt-get install chromium), or name it in CHROMIUM.`)
  const profile = await mkdtemp(join(tmpdir(), 'viem-lasso-chromium-'))
  const child = spawn(path, [...flags, `--user-data-dir=${profile}`, firstPage], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const killNow = () => void child.kill('SIGKILL')
  process.once('exit', killNow)

  const endpoint = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1]
      if (found) resolve(found)
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`${path} ended (${code ?? signal}).\n${said}`)))
  })
  const browser = await chromium.connectOverCDP(endpoint, { noDefaults: true })

  return {
    context: browser.contexts()[0] as BrowserContext,
    async close() {
      await browser.close()
      killNow()
      await ended
      process.off('exit', killNow)
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
