// All requests of the page, and where its streams come from.

import type { Status } from 'viem-lasso'
import { formatCount } from './format'

export function Totals({ status }: { status: Status }) {
  const { requests, subscriptions } = status

  return (
    <section className="card totals" aria-labelledby="totals-title">
      <h2 id="totals-title">Requests</h2>
      <dl className="amounts">
        {(['total', 'failed', 'hedged', 'retried'] as const).map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd data-requests={name}>{formatCount(requests[name])}</dd>
          </div>
        ))}
      </dl>
      <ul className="streams" aria-label="Streams">
        {subscriptions.map(({ key, state, source, subscribers, cursor }) => (
          <li key={key} data-stream={key} data-state={state}>
            <span className={`pill ${state === 'live' ? 'good' : 'warn'}`}>{state}</span>
            <span>
              {key.split('#')[0]}
              {source && ` from ${source.provider} (${source.channel})`}
            </span>
            <small>
              {subscribers} {subscribers === 1 ? 'subscriber' : 'subscribers'}, up to block {formatCount(cursor)}
            </small>
          </li>
        ))}
      </ul>
    </section>
  )
}
