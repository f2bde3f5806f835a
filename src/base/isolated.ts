// Whether the platform keeps apart the requests that a program serves.

const { navigator, EdgeRuntime } = globalThis as { navigator?: { userAgent?: string }; EdgeRuntime?: string }

/**
 * `true` on Cloudflare Workers, and on Vercel's Edge, which runs there. All I/O belongs there to the request that began it: a
 * timer, a call or a promise of another one throws, ends with that one, or never settles. So calls share what is known, and
 * nothing that is on its way.
 */
export const ISOLATED = navigator?.userAgent === 'Cloudflare-Workers' || EdgeRuntime !== undefined
