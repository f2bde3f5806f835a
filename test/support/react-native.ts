// What React Native has in place of a browser's classes, as far as it is less: its own `URL` (of 0.72 and of 0.88), and the
// signals of the package that it had for years.

/** A URL with a slash more, of whose parts it knows none. */
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

/** One that knows those of `http:` only, and cannot be written to. */
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

/** Its signal says that it is aborted, and no more. */
export class OldAbortController extends AbortController {
  constructor() {
    super()
    Object.defineProperties(this.signal, { reason: { value: undefined }, throwIfAborted: { value: undefined } })
  }
}
