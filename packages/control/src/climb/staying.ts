/** A session with the database, by the port from which it came. */
export type FoundSession = {
  readonly port: number
  /** One that asks who takes the writes: its process follows that member. */
  readonly watches: boolean
  /** One of an app, and nothing that Banyan opened under a name. */
  readonly own: boolean
}

/** A process of a service, with the ports of its connections. */
export type ServiceProcess = { readonly service: string; readonly ports: readonly number[] }

/**
 * The services that would stay behind when the database moves, with their sessions: of a process that keeps
 * some, and watches nobody. A process that has both kinds is taken for one that follows.
 */
export function stayingBehind(
  sessions: readonly FoundSession[],
  processes: readonly ServiceProcess[],
): ReadonlyMap<string, number> {
  const staying = new Map<string, number>()
  for (const { service, ports } of processes) {
    const held = sessions.filter(({ port }) => ports.includes(port))
    if (held.some(({ watches }) => watches)) continue
    const own = held.filter((session) => session.own).length
    if (own > 0) staying.set(service, (staying.get(service) ?? 0) + own)
  }
  return staying
}
