// What happened lately, in words: the transport's own events, and what the browser says of its network.

import { useEffect, useState } from 'react'
import { useClient } from 'wagmi'
import type { Entry, Tone } from './activity-words'
import { listen } from './activity-words'

export type Activity = Entry & {
  readonly id: number
  readonly at: Date
  /** How often it happened in a row. */
  readonly count: number
}

const mostKept = 60

/** The newest first. */
export function useActivity(): readonly Activity[] {
  const { transport } = useClient()
  const [activity, setActivity] = useState<readonly Activity[]>([])

  useEffect(() => {
    let lastId = 0
    function add(entry: Entry) {
      const id = ++lastId
      const at = new Date()
      setActivity(([last, ...earlier]) => {
        if (!last) return [{ ...entry, id, at, count: 1 }]
        if (last.text === entry.text) return [{ ...last, at, count: last.count + 1 }, ...earlier]
        return [{ ...entry, id, at, count: 1 }, last, ...earlier].slice(0, mostKept)
      })
    }
    const tell = (kind: string, text: string, tone: Tone) => () => add({ kind, text, tone })
    const onOnline = tell('online', 'The browser is online again.', 'good')
    const onOffline = tell('offline', 'The browser is offline.', 'bad')
    addEventListener('online', onOnline)
    addEventListener('offline', onOffline)
    const off = listen(transport, add)
    return () => {
      removeEventListener('online', onOnline)
      removeEventListener('offline', onOffline)
      off()
    }
  }, [transport])

  return activity
}
