import { createHash } from 'node:crypto'
import { runStorm } from './test/storm/run'
import { drawStorm } from './test/storm/storm'
const from = Number(process.env.FROM), count = Number(process.env.COUNT ?? 100)
const full = process.env.FULL === '1'
async function main() {
for (let seed = from; seed < from + count; seed++) {
  const hash = createHash('sha1')
  const quiet = process.env.QUIET === '1'
  const { problems, counts } = await runStorm(drawStorm(seed), quiet ? undefined : (text) => { hash.update(text + '\n'); if (full) console.log(text) })
  console.log(seed, hash.digest('hex').slice(0, 12), JSON.stringify(counts), problems.length ? 'WRONG ' + problems.join('|').slice(0, 300) : '')
}
}
void main()
