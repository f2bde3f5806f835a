// The story: what happens to the first node, for how long, and what is to be seen meanwhile. No code beyond the list.

import type { NodeFault } from './network'

export type Scene = {
  readonly fault: NodeFault
  /** Of the first node, in a word or two. */
  readonly state: string
  readonly title: string
  readonly narration: string
  /** In a terminal, and without one (in s). */
  readonly duration: { readonly screen: number; readonly lines: number }
}

const recovered = { screen: 5, lines: 3 }

export const scenes: readonly Scene[] = [
  {
    fault: 'none',
    state: 'well',
    title: 'all three nodes are well',
    narration: 'node-1 is first in the list and answers everything.',
    duration: { screen: 4, lines: 1.5 },
  },
  {
    fault: 'killed',
    state: 'killed',
    title: 'node-1 is killed (SIGKILL): connections are refused',
    narration: 'Three refused attempts open its breaker; node-2 answers the same requests.',
    duration: { screen: 6, lines: 3 },
  },
  {
    fault: 'none',
    state: 'well',
    title: 'node-1 starts again, catches up with the chain, and answers',
    narration: 'A copy of one read probes it; success closes the breaker. Nobody waited.',
    duration: { screen: 5, lines: 2.5 },
  },
  {
    fault: 'hang',
    state: 'hangs',
    title: 'node-1 hangs: it takes requests and never answers',
    narration: 'Slow reads are hedged to node-2 after 50 ms; watchers go there after 3 s of silence.',
    duration: { screen: 8, lines: 6 },
  },
  {
    fault: 'none',
    state: 'well',
    title: 'node-1 answers again',
    narration: 'It missed transactions while it hung: it has them again before it answers.',
    duration: recovered,
  },
  {
    fault: 'html',
    state: 'sends HTML',
    title: 'node-1 answers 200 with an HTML page',
    narration: 'That is no JSON-RPC answer: the next node is asked, and node-1 is blamed.',
    duration: { screen: 5, lines: 2.5 },
  },
  {
    fault: 'reset',
    state: 'resets',
    title: 'node-1 resets every connection',
    narration: 'The breaker is open already; its probes fail, the wait doubles (here to 2 s).',
    duration: { screen: 5, lines: 2.5 },
  },
  {
    fault: 'none',
    state: 'well',
    title: 'node-1 is well for good',
    narration: 'The next probe succeeds, and the preferred node serves again.',
    duration: { screen: 5, lines: 3.3 },
  },
]
