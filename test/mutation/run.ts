// Mutation testing of one folder of src against the tests of the same folder: `npm run mutate -- rpc`. Minutes for `rpc`, hours
// for the whole. Static mutants (tables made at import) are left out: each of them would run every test.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const [folder = 'rpc'] = process.argv.slice(2)
const home = 'test/mutation'

if (!existsSync(`src/${folder}`)) throw new Error(`there is no folder src/${folder}`)
// The runner's peer vitest is the project's own, one level up.
if (!existsSync(`${home}/node_modules`))
  run('npm', ['ci', '--prefix', home, '--legacy-peer-deps', '--no-audit', '--no-fund'])
run(`${home}/node_modules/.bin/stryker`, ['run', `${home}/stryker.json`, '-m', `src/${folder}/**/*.ts`])

function run(command: string, parameters: string[]) {
  const env = { ...process.env, MUTATED_FOLDER: folder }
  const { status } = spawnSync(command, parameters, { stdio: 'inherit', env })
  if (status !== 0) process.exit(status ?? 1)
}
