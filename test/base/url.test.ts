// The parts of a URL: those of the platform's own, and the same where that is none to rely on.

import { afterEach, describe, expect, test, vi } from 'vitest'
import { partsOf } from '../../src/base/url'
import { HttpUrl, OldUrl } from '../support/react-native'

afterEach(() => {
  vi.unstubAllGlobals()
})

const names = ['href', 'protocol', 'hostname', 'port', 'pathname', 'search', 'hash'] as const
const urls = [
  'https://host.example',
  'https://host.example/',
  'wss://user:pass@host.example:8546/v2/KEY?dkey=a/b:c@d&e=f#g/h?i',
  'http://user@10.0.0.5:8545/a:b@c',
  'http://host.example?key=x',
  'http://[::1]:8545/path',
  'http://localhost/#x',
]
const unusual = [
  ' HTTPS://User:P@ss@Host.Example:443/A b ',
  'http:\\\\host.example\\a',
  'http://:pw@h:80',
  'mailto:me@host',
  'http://пример.рф',
]

function platformsOf(url: string) {
  const parsed = new URL(url)
  const bare = new URL(url)
  bare.username = bare.password = ''
  return { ...Object.fromEntries(names.map((name) => [name, parsed[name]])), bare: bare.href, ...userOf(parsed) }
}

function userOf({ username = '', password = '' }: { username?: string; password?: string }) {
  return { username, password }
}

describe('partsOf', () => {
  test.each([...urls, ...unusual])('default: %s', (url) => {
    const parts = partsOf(url)
    const { pathname, hostname, ...rest } = { ...parts, ...userOf(parts) }
    expect({ ...rest, ...(url.startsWith('mailto') ? {} : { pathname, hostname }) }).toMatchObject(
      url.startsWith('mailto') ? { protocol: 'mailto:' } : platformsOf(url),
    )
  })

  test('error: what is no URL', () => {
    expect(() => partsOf('host.example')).toThrow('Invalid URL')
  })

  test.each([
    ['of React Native 0.72', OldUrl],
    ['of React Native 0.88', HttpUrl],
  ])('behavior: the same by the URL class %s', (_, Class) => {
    const expected = urls.map((url) => ({ ...platformsOf(url), ...userOf(new URL(url)) }))
    vi.stubGlobal('URL', Class)
    const found = urls.map((url) => partsOf(url)).map((parts) => ({ ...parts, ...userOf(parts) }))
    const same = (list: readonly object[]) => list.map((one) => ({ ...one, pathname: '', href: '', bare: '' }))
    // Where there is no path they may or may not show its slash.
    expect(same(found)).toEqual(same(expected))
    expect(found.map(({ href }) => href).slice(1, 4)).toEqual(urls.slice(1, 4))
    expect(found[2]?.bare).toBe(urls[2]?.replace('user:pass@', ''))
  })
})
