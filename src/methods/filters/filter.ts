// A filter, as it is polled.

import type { Caller } from '../calls'

export type Filter = {
  /** The params of a filter of logs. */
  readonly logs?: LogFilter | undefined
  /** What is new since the last poll, as nodes tell it. */
  changes(caller: Caller): Promise<readonly unknown[]>
  /** Uninstalls it wherever a provider keeps something for it. */
  close?(caller: Caller): Promise<unknown>
}

export type LogFilter = Readonly<Record<string, unknown>>
