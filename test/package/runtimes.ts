// The packed tarball as users get it, in an empty project: on every supported runtime in both module systems, and under the
// oldest to the newest TypeScript. Prints a table; ends with 1 if a cell fails. Runtimes come from the registry; one that it
// does not have for this system is said to be missing.

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

type Runtime = { name: string; command: string; install: string[]; flags?: string[] }

const TYPESCRIPTS = ['5.4', '5.6', '5.9', '6', '7']
const LONGEST = 60_000

const root = resolve(import.meta.dirname ?? '.', '../..')
const { version: viemVersion } = createRequire(import.meta.url)('viem/package.json') as { version: string }
const system = `${process.platform}-${process.arch}`
const wanted: Runtime[] = [
  { name: `node ${process.versions.node}`, command: process.execPath, install: [] },
  ...['22', '24'].map((major) => ({
    name: `node ${major}`,
    command: join('node_modules', `node-${major}`, 'bin/node'),
    install: [`node-${major}@npm:node-${system}@${major}`],
  })),
  { name: 'bun', command: 'node_modules/bun/bin/bun', install: [`bun@npm:@oven/bun-${system}`] },
  {
    name: 'deno',
    command: 'node_modules/deno/deno',
    install: [`deno@npm:@deno/${system}${process.platform === 'linux' ? '-glibc' : ''}`],
    flags: ['run', '--allow-all', '--node-modules-dir=manual', '--quiet'],
  },
]

const runtimes = wanted.filter(isAvailable)
const project = mkdtempSync(join(tmpdir(), 'viem-lasso-'))
try {
  install()
  const failures = [...runtimes.flatMap(runs), ...TYPESCRIPTS.flatMap(compiles)].filter((isGood) => !isGood).length
  if (failures > 0) process.exitCode = 1
} finally {
  rmSync(project, { recursive: true })
}

function isAvailable({ name, install }: Runtime): boolean {
  const isFound = install.every((alias) => {
    const asked = alias.slice(alias.indexOf('npm:') + 'npm:'.length)
    return spawnSync('npm', ['view', asked, 'version'], { encoding: 'utf8' }).stdout.trim() !== ''
  })
  if (!isFound) console.log(`${name.padEnd(60)}missing: not in the registry`)
  return isFound
}

function install() {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', project], { cwd: root })
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz')) as string
  writeFileSync(join(project, 'package.json'), '{ "private": true }')
  const packages = [
    join(project, tarball),
    `viem@${viemVersion}`,
    ...runtimes.flatMap(({ install }) => install),
    ...TYPESCRIPTS.map((version) => `typescript-${version}@npm:typescript@${version}`),
  ]
  execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', ...packages], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  cpSync(join(root, 'test/package/consumer'), project, { recursive: true })
}

function runs({ name, command, flags = [] }: Runtime): boolean[] {
  return ['esm.mjs', 'cjs.cjs'].map((file) => told(`${name}, ${file}`, command, [...flags, file]))
}

function compiles(version: string): boolean[] {
  const tsc = join('node_modules', `typescript-${version}`, 'bin/tsc')
  const shared = ['--noEmit', '--strict', '--target', 'es2022']
  // Libraries that are checked too must get by with what a browser's program has.
  const ways = [
    ['node16', 'node16', 'es2022,dom,esnext.disposable', '--skipLibCheck', 'types.mts', 'types.cts'],
    ['esnext', 'bundler', 'es2022,dom,esnext.disposable', 'types.mts'],
    ['esnext', 'bundler', 'es2022,dom', 'types.mts'],
  ]
  return ways.map(([module = '', resolution = '', lib = '', ...rest]) =>
    told(`typescript ${version}, ${resolution}, ${lib}`, process.execPath, [
      tsc,
      ...shared,
      ...['--module', module, '--moduleResolution', resolution, '--lib', lib],
      ...rest,
    ]),
  )
}

function told(what: string, command: string, parameters: string[]): boolean {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, {
    cwd: project,
    encoding: 'utf8',
    timeout: LONGEST,
  })
  const isGood = status === 0
  console.log(`${what.padEnd(60)}${isGood ? 'ok' : 'FAILED'}`)
  if (!isGood) console.log(`${error ?? ''}${stdout}${stderr}`.trim())
  return isGood
}
