// Mutation testing of one part of src, a folder or a file, against the tests of its room: `npm run mutate -- rpc`,
// `npm run mutate -- methods/filters`, `npm run mutate -- request/answer/judge`. What stands behind the part is handed on to
// Stryker: `npm run mutate -- request/answer/judge --concurrency 1` leaves the other core alone. Minutes for a file, hours for
// the whole. Static mutants (tables made at import) are left out: each of them would run every test.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const [part = 'rpc', ...options] = process.argv.slice(2)
const home = 'test/mutation'
const mutated = [`src/${part}`, `src/${part}.ts`].find((path) => existsSync(path))

if (!mutated) throw new Error(`there is no folder src/${part}, and no file src/${part}.ts`)
// The runner's peer vitest is the project's own, one level up.
if (!existsSync(`${home}/node_modules`))
  run('npm', ['ci', '--prefix', home, '--legacy-peer-deps', '--no-audit', '--no-fund'])
run(`${home}/node_modules/.bin/stryker`, ['run', `${home}/stryker.json`, '-m', globOf(mutated), ...options])

function globOf(path: string): string {
  return path.endsWith('.ts') ? path : `${path}/**/*.ts`
}

function run(command: string, parameters: string[]) {
  const env = { ...process.env, MUTATED_ROOM: part.split('/')[0] }
  const { status } = spawnSync(command, parameters, { stdio: 'inherit', env })
  if (status !== 0) process.exit(status ?? 1)
}
