// Endpoints that refuse every connection.

/** Ports that the system gives to nobody, and that `fetch` does not refuse by itself. */
const deadPorts = [2, 3, 4, 5]
let lastDead = 0

/** A URL that refuses connections: another one each time, until the few there are come again. */
export function deadUrl(): string {
  return `http://127.0.0.1:${deadPorts[lastDead++ % deadPorts.length]}`
}
