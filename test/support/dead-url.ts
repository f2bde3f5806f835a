// Endpoints that refuse every connection.

/** The system gives these ports to nobody, and `fetch` refuses none of them by itself. */
const deadPorts = [2, 3, 4, 5]
let lastDead = 0

/** Each time another one: connections are refused. */
export function deadUrl(): string {
  return `http://127.0.0.1:${deadPorts[lastDead++ % deadPorts.length]}`
}
