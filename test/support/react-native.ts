// React Native's own classes, where they can do less than a browser's: its `URL` (of 0.72 and of 0.88), and the signals of the
// package `abort-controller` that it used for years.

/** The `URL` of 0.72: adds a slash to the end, and knows no parts. */
export class OldUrl {
  readonly #url: string
  constructor(url: string) {
    this.#url = url.endsWith('/') ? url : `${url}/`
  }
  get href() {
    return this.#url
  }
  get protocol(): string {
    return refuse('protocol')
  }
  get hostname(): string {
    return refuse('hostname')
  }
  get username(): string {
    return refuse('username')
  }
  get pathname(): string {
    return refuse('pathname')
  }
}

function refuse(name: string): never {
  throw new Error(`URL.${name} is not implemented`)
}

/** The `URL` of 0.88: knows the parts of `http:` URLs only, and cannot be written to. */
export class HttpUrl {
  readonly href: string
  constructor(url: string) {
    this.href = /^\w+:\/\/[^/?#]*$/.test(url) ? `${url}/` : url
  }
  get protocol() {
    return /^\w+:/.exec(this.href)?.[0] ?? ''
  }
  get hostname() {
    return /^https?:\/\/(?:[^@]+@)?([^:/?#]+)/.exec(this.href)?.[1] ?? ''
  }
  get username() {
    return /^https?:\/\/([^:@]+)(?::[^@]*)?@/.exec(this.href)?.[1] ?? ''
  }
  get password() {
    return /https?:\/\/.*:(.*)@/.exec(this.href)?.[1] ?? ''
  }
  get pathname() {
    return /https?:\/\/[^/]+(\/[^?#]*)?/.exec(this.href)?.[1] ?? '/'
  }
}

/** A controller whose signal has `aborted` and events, but no `reason` and no `throwIfAborted`. */
export class OldAbortController extends AbortController {
  constructor() {
    super()
    Object.defineProperties(this.signal, { reason: { value: undefined }, throwIfAborted: { value: undefined } })
  }
}
