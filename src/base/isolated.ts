// Whether the platform isolates the requests that a program serves from each other.

const { navigator, EdgeRuntime } = globalThis as { navigator?: { userAgent?: string }; EdgeRuntime?: string }

/**
 * `true` on Cloudflare Workers and in Vercel's Edge runtime. All I/O there belongs to the request that began it: a timer, a call
 * or a promise of another request throws, ends with that request, or never settles. So calls share what is known, but nothing
 * that is in flight.
 */
export const ISOLATED = navigator?.userAgent === 'Cloudflare-Workers' || EdgeRuntime !== undefined
