// Takes a URL apart by a pattern. React Native's own `URL` is not to be relied on: it cannot be written to, adds slashes to
// paths, and knows the parts of `http:` URLs only; older versions know no parts at all.

export type UrlParts = Readonly<
  Record<'href' | 'bare' | 'protocol' | 'hostname' | 'port' | 'pathname' | 'search' | 'hash', string>
> & { readonly username?: string; readonly password?: string }

const PARTS =
  /^(?<protocol>[^:]*:)(?:\/\/)?(?:(?<username>[^/?#:]*):?(?<password>[^/?#]*)@)?(?<hostname>\[.*?\]|[^/?#:]*):?(?<port>\d*)(?<pathname>[^?#]*)(?<search>[^#]*)(?<hash>.*)/s

const HAS_PATH = /[^:/][/?#]/

/**
 * The parts of a URL as the platform writes it; `bare` is the whole URL without user info.
 * @throws TypeError if `url` is not a URL
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
