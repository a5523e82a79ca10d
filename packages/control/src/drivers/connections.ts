/** Connections that are nobody's: for control, `banyan sql`, migrations and a person in need. */
const reserved = 12

/** More connections than this make one embedded server slower, not faster. */
const usefulMax = 20

/**
 * How many connections each process may hold, so that all of them together fit into the server:
 * twice the processes are reckoned with, since a restart runs the old beside the new for a moment.
 */
export function connectionsPerProcess(connectionsMax: number, processes: number): number {
  const share = Math.floor((connectionsMax - reserved) / Math.max(1, 2 * processes))
  return Math.max(1, Math.min(usefulMax, share))
}
