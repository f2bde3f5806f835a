// What happened lately, the newest first.

import { formatTime } from './format'
import type { Activity as Item } from './use-activity'

export function Activity({ activity }: { activity: readonly Item[] }) {
  return (
    <section className="card activity" aria-labelledby="activity-title">
      <h2 id="activity-title">
        Activity <small>what the transport does about it</small>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="scroll" aria-labelledby="activity-title" tabIndex={0}>
        <ol>
          {activity.map(({ id, kind, text, tone, at, count }) => (
            <li key={id} data-kind={kind} className={tone}>
              <time dateTime={at.toISOString()}>{formatTime(at)}</time>
              <span>
                {text}
                {count > 1 && <b> ×{count}</b>}
              </span>
            </li>
          ))}
        </ol>
        {activity.length === 0 && <p className="empty">All quiet.</p>}
      </section>
    </section>
  )
}
