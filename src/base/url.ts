// What a URL consists of. React Native's own `URL` is none to rely on: it cannot be written to, adds slashes to paths, and knows
// the parts of `http:` only; older ones know none.

export type UrlParts = Readonly<
  Record<'href' | 'bare' | 'protocol' | 'hostname' | 'port' | 'pathname' | 'search' | 'hash', string>
> & { readonly username?: string; readonly password?: string }

const PARTS =
  /^(?<protocol>[^:]*:)(?:\/\/)?(?:(?<username>[^/?#:]*):?(?<password>[^/?#]*)@)?(?<hostname>\[.*?\]|[^/?#:]*):?(?<port>\d*)(?<pathname>[^?#]*)(?<search>[^#]*)(?<hash>.*)/s

const HAS_PATH = /[^:/][/?#]/

/**
 * `bare` is the whole without user info.
 * @throws for what is no URL
 */
export function partsOf(url: string): UrlParts {
  const written = new URL(url).href
  const href = HAS_PATH.test(url) && written.startsWith(url) ? url : written
  return { ...PARTS.exec(href)!.groups, href, bare: href.replace(/\/\/[^/?#]*@/, '//') } as UrlParts
}

/** The scheme of a URL, such as `https:`; `undefined` if it is no URL. */
export function protocolOf(url: string): string | undefined {
  try {
    return partsOf(url).protocol
  } catch {
    return undefined
  }
}
