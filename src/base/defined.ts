// An object without the fields that are `undefined`: what is not known is left out of events and read-outs, and options that
// were left open leave the default.

/** Those that may be undefined become optional. */
export type Defined<fields> = {
  [key in keyof fields as undefined extends fields[key] ? never : key]: fields[key]
} & { [key in keyof fields as undefined extends fields[key] ? key : never]?: Exclude<fields[key], undefined> }

export function defined<fields extends object>(fields: fields): Defined<fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<fields>
}
