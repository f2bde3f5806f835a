// `npm run fuzz -- --inputs=1000000 --seed=1 --only=socket --path=12:3`: all proofs, or those whose name has the word, with many
// inputs. Prints the seed; with it, and the path that a failure names, a run is repeated.

import { parseArgs } from 'node:util'
import { prove, runsOf } from './proof'
import { proofs } from './proofs'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() | 0) },
    only: { type: 'string', default: '' },
    path: { type: 'string' },
  },
})
const chosen = proofs.filter(({ name }) => name.includes(values.only))
const seed = Number(values.seed)
console.log(`seed ${seed}`)
for (const proof of chosen) {
  const runs = runsOf(proof, chosen, Number(values.inputs))
  await prove(proof, seed, runs, values.path).then(
    () => console.log(`ok      ${proof.name} (${runs})`),
    (error: Error) => {
      console.log(`broken  ${proof.name}: ${error.message}`)
      console.log(error.cause)
      process.exitCode = 1
    },
  )
}
