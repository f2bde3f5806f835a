// The table of failures in the README is what the code does: each sample in it has that kind, goes on or not, and counts
// against whom it says; and no kind is missing.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { failureOf } from '../../src/rpc/failure'
import { httpError, networkError, rpcError } from '../support/errors'
import { failureKinds } from '../support/failure-kinds'

const METHODS: Record<string, string> = {
  'transaction-rejected': 'eth_sendRawTransaction',
  'already-known': 'eth_sendRawTransaction',
  'range-too-large': 'eth_getLogs',
  'result-too-large': 'eth_getLogs',
  'filter-not-found': 'eth_getFilterChanges',
}

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const rows = readme
  .slice(readme.indexOf('| kind | it says'))
  .split('\n\n')[0]
  ?.split('\n')
  .slice(2)
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| /, '').trim()))
  .map(([kind = '', says = '', next = '', against = '']) => ({
    kind: codes(kind)[0] as string,
    samples: codes(says),
    verdict: next.startsWith('returned') ? 'final' : 'next',
    blame: against,
  })) as { kind: string; samples: string[]; verdict: string; blame: string }[]

function codes(cell: string) {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

/** A status, a code and a text, what the network says. */
function errorOf(sample: string): unknown {
  if (/^\d{3}$/.test(sample)) return httpError(Number(sample))
  const [, code, text = ''] = /^(-?\d+) (.+)$/.exec(sample) ?? []
  if (code) return rpcError(Number(code), text)
  return /^E[A-Z]+$/.test(sample) ? networkError(sample) : new Error(sample)
}

test.each(rows.flatMap((row) => row.samples.map((sample) => ({ ...row, sample }))))(
  'default: $sample is $kind, $verdict, counts against: $blame',
  ({ kind, sample, verdict, blame }) => {
    const failure = failureOf(errorOf(sample), { method: METHODS[kind] ?? 'eth_call' })
    const own = kind === 'batch-refused' ? 'next' : verdict
    expect([failure.kind, failure.verdict, failure.blame]).toEqual([kind, own, blame])
  },
)

test('default: every kind has its row', () => {
  expect([...new Set(rows.map(({ kind }) => kind))].sort()).toEqual([...failureKinds].sort())
})
