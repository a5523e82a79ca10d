/** Connections that are nobody's: for control, `banyan sql`, migrations and a person in need. */
const reserved = 12

/** More connections than this make one embedded server slower, not faster. */
const usefulMax = 20

/**
 * The least that a process needs: one for its statements, and, where servers are watched because another one
 * may take over, one that watches and one that asks for positions.
 */
export const connectionsLeast = { watched: 3, alone: 1 } as const

/**
 * How many connections each process may hold to each server, so that all of them together fit into it: twice
 * the processes are reckoned with, since a restart runs the old beside the new for a moment. None gets less
 * than `least`: whether that fits as well is for {@link fitsIn} to say.
 */
export function connectionsPerProcess(
  connectionsMax: number,
  processes: number,
  least: number = connectionsLeast.alone,
): number {
  const share = Math.floor((connectionsMax - reserved) / Math.max(1, 2 * processes))
  return Math.max(least, Math.min(usefulMax, share))
}

/** Whether so many processes find room even while each of them runs twice. */
export const fitsIn = (connectionsMax: number, processes: number, least: number): boolean =>
  reserved + 2 * processes * least <= connectionsMax
