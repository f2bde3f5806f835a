// The plan of the house, enforced: who may import whom, each package through its one door, time and chance behind
// theirs, and the form of a file. It reads the syntax tree of src, not the words, so comments and texts may say anything.

import { expect, test } from 'vitest'
import type { Source } from './sources'
import { globalsOf, hasDefaultExport, sources, targetOf } from './sources'

type Part = {
  floor: number
  /** The parts it may import at run time; itself only if named. */
  mayImport: readonly string[]
}

const knowledge = ['base', 'errors', 'rpc']
/** The rooms of `request` from the ground up, its other files last: each may import itself and those before it. */
const rooms = [
  'request/flight',
  'request/route',
  'request/attempt',
  'request/answer',
  'request/waiting',
  'request/upkeep',
  'request/landing',
  'request/asking',
  'request',
]
const ground = [...knowledge, 'events', 'provider', 'channel']
const pipeline = [...ground, ...rooms]
const shelves = ['methods', 'subscription', 'monitor']
const rim = ['engine', 'failover', 'eip1193', 'options', 'checks', 'shape', 'entries', 'status', 'value']
const everything = [...pipeline, ...shelves, ...rim]

/** A part is a folder of src or a file in it, or one of the rooms of such a folder. */
const parts: Record<string, Part> = {
  types: { floor: 0, mayImport: [] },
  base: { floor: 0, mayImport: ['base'] },
  errors: { floor: 0, mayImport: ['base'] },
  events: { floor: 0, mayImport: ['base'] },
  rpc: { floor: 0, mayImport: knowledge },
  provider: { floor: 1, mayImport: [...knowledge, 'provider'] },
  channel: { floor: 1, mayImport: [...knowledge, 'channel'] },
  ...Object.fromEntries(
    rooms.map((room, index) => [room, { floor: 2, mayImport: [...ground, ...rooms.slice(0, index + 1)] }]),
  ),
  ...Object.fromEntries(shelves.map((shelf) => [shelf, { floor: 3, mayImport: [...pipeline, shelf] }])),
  ...Object.fromEntries(rim.map((part) => [part, { floor: 4, mayImport: everything }])),
  index: { floor: 5, mayImport: everything },
}

/** Types may also come from `types`, from any floor below, and along these ways. */
const typeWays = [
  { from: 'provider', to: 'channel' },
  // What a request holds on its way.
  ...['route', 'answer', 'attempt', 'upkeep'].map((room) => ({ from: 'request/flight', to: `request/${room}` })),
]

/** Package -> the file it is imported in. */
const doors: Record<string, string> = {
  eventemitter3: 'events.ts',
  'p-retry': 'base/retry.ts',
  'isomorphic-ws': 'channel/socket.ts',
}

/** The paths of viem that may be imported anywhere; each further one is a decision about size. */
const viemPaths = ['viem', 'viem/utils']

/** Global -> where it may be used. */
const timeOwners = ['base/clock.ts', 'channel/']
const chanceOwners = ['base/random.ts', 'base/backoff.ts', 'channel/']
const globalOwners: Record<string, readonly string[]> = {
  console: [],
  'Date.now': timeOwners,
  'performance.now': timeOwners,
  setTimeout: timeOwners,
  setInterval: timeOwners,
  'Math.random': chanceOwners,
  fetch: ['channel/'],
  WebSocket: ['channel/'],
}

const maxLines = 250

const guardedGlobals = new Set(Object.keys(globalOwners))
const paths = new Set(sources.map((source) => source.path))

test('default: run-time imports go down floors only', () => {
  const problems = internalImports().flatMap(({ source, line, to, isTypeOnly }) => {
    const from = partOf(source.path)
    if (isTypeOnly || parts[from]?.mayImport.includes(partOf(to))) return []
    return `src/${source.path}:${line} imports ${to}: ${from} may import ${parts[from]?.mayImport.join(', ') || 'nothing'} at run time`
  })
  expect(problems).toEqual([])
})

test('default: type imports go down floors only', () => {
  const problems = internalImports().flatMap(({ source, line, to, isTypeOnly }) => {
    const from = partOf(source.path)
    return !isTypeOnly || mayImportType(from, partOf(to))
      ? []
      : `src/${source.path}:${line} imports a type of ${to}: not below ${from}; shared types live in types.ts`
  })
  expect(problems).toEqual([])
})

test('default: every file has a floor', () => {
  const problems = sources
    .filter(({ path }) => !parts[partOf(path)])
    .map(({ path }) => `src/${path}: "${partOf(path)}" has no floor; give it one in test/package/floors.test.ts`)
  expect(problems).toEqual([])
})

test('default: every import inside src leads to a file', () => {
  const problems = internalImports()
    .filter(({ to }) => !paths.has(to))
    .map(({ source, line, to }) => `src/${source.path}:${line} imports ${to}, which is not there`)
  expect(problems).toEqual([])
})

test('default: no run-time import cycles', () => {
  expect(cyclesOf(sources)).toEqual([])
})

test('default: each package is imported through its one door', () => {
  const problems = sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ to }) => !to.startsWith('.'))
      .filter(({ to }) => (isViem(to) ? !viemPaths.includes(to) : doors[to] !== path))
      .map(({ to, line }) => {
        const rule = isViem(to)
          ? `of viem only ${viemPaths.join(', ')}`
          : doors[to]
            ? `its door is src/${doors[to]}`
            : 'a package without a door'
        return `src/${path}:${line} imports "${to}": ${rule}`
      }),
  )
  expect(problems).toEqual([])
})

test('default: time, chance, network and console stay with their owners', () => {
  const problems = sources.flatMap((source) =>
    globalsOf(source, guardedGlobals)
      .filter(({ name }) => !globalOwners[name]?.some((owner) => isIn(source.path, owner)))
      .map(
        ({ name, line }) =>
          `src/${source.path}:${line} uses ${name}: allowed in ${globalOwners[name]?.join(', ') || 'no file'}`,
      ),
  )
  expect(problems).toEqual([])
})

test('default: no default exports', () => {
  const problems = sources.filter(hasDefaultExport).map(({ path }) => `src/${path} has a default export`)
  expect(problems).toEqual([])
})

test(`default: at most ${maxLines} lines a file`, () => {
  const problems = sources
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > maxLines)
    .map(({ path, lines }) => `src/${path} has ${lines} lines, ${maxLines} are the most`)
  expect(problems).toEqual([])
})

test('default: a file opens with a comment that says its duty', () => {
  const problems = sources
    .filter(({ text }) => !/^(\/\/|\/\*)/.test(text))
    .map(({ path }) => `src/${path} does not open with a comment`)
  expect(problems).toEqual([])
})

function internalImports() {
  return sources.flatMap((source) =>
    source.imports
      .filter(({ to }) => to.startsWith('.'))
      .map((found) => ({ ...found, source, to: targetOf(source.path, found.to) })),
  )
}

function partOf(path: string) {
  const [part = '', room] = path.replace(/\.ts$/, '').split('/')
  return parts[`${part}/${room}`] ? `${part}/${room}` : part
}

function mayImportType(from: string, to: string) {
  const source = parts[from]
  const target = parts[to]
  if (!source || !target) return false
  if (to === 'types' || target.floor < source.floor || source.mayImport.includes(to)) return true
  return typeWays.some((way) => way.from === from && way.to === to)
}

function isViem(specifier: string) {
  return specifier === 'viem' || specifier.startsWith('viem/')
}

function isIn(path: string, owner: string) {
  return owner.endsWith('/') ? path.startsWith(owner) : path === owner
}

function cyclesOf(all: Source[]): string[] {
  const cycles: string[] = []
  const byPath = new Map(all.map((source) => [source.path, source]))
  const done = new Set<string>()
  const visit = (path: string, trail: string[]) => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' -> '))
    if (start >= 0 || done.has(path)) return
    for (const { to, isTypeOnly } of byPath.get(path)?.imports ?? [])
      if (!isTypeOnly && to.startsWith('.')) visit(targetOf(path, to), [...trail, path])
    done.add(path)
  }
  for (const { path } of all) visit(path, [])
  return [...new Set(cycles)]
}
