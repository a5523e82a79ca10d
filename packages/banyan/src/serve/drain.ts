import { after } from './after.ts'
import type { Entrance } from './entrance.ts'
import { keepAliveGraceMs, type Limits } from './limits.ts'
import type { Traffic } from './traffic.ts'

/**
 * Ends the connections of a server without failing a client that keeps to HTTP's rules.
 *
 * 1. Nothing new is accepted, neither from outside nor at the private address. Only the listeners are closed: `http.Server.close` would cut idle
 *    connections within a millisecond, also those on which a request is on its way.
 * 2. Every answer from now on says `Connection: close`.
 * 3. An idle connection stays for as long as its client may count on it: Node's own timer ends it,
 *    and ours those that never sent anything.
 * 4. Connections that were upgraded live on, so that whoever can finish does; a new upgrade is refused.
 * 5. At the deadline the rest of HTTP is cut. What was upgraded is left to the caller.
 *
 * Gives back how many answers were lost.
 */
export async function drain(
  entrance: Entrance,
  traffic: Traffic,
  limits: Limits,
  deadlineMs: number,
): Promise<number> {
  const closed = Promise.withResolvers<'empty'>()
  entrance.close()
  traffic.stop()
  void traffic.connections.empty().then(() => closed.resolve('empty'))
  const idleMs = limits.keepAliveTimeoutMs + keepAliveGraceMs
  const sweep = setInterval(() => traffic.connections.destroyIdle(), idleMs)
  const deadline = after(deadlineMs)
  try {
    const outcome = await Promise.race([closed.promise, deadline.promise])
    return outcome === 'empty' ? 0 : traffic.connections.cutHttp()
  } finally {
    clearInterval(sweep)
    deadline.cancel()
  }
}
