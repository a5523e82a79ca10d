import type { EventLog } from '../api/events.ts'
import type { StatePaths } from '../state/paths.ts'
import { HolderKeeper } from './keep-holder.ts'
import { inheritedSockets } from './words.ts'

/** What a control has from the holder that started it: that of HTTP first, then those of other protocols. */
export type Held = { readonly byHolder: boolean; readonly publicFds: readonly number[] }

/** Read once and taken away: what control starts is not held, and has no descriptors of those numbers. */
export function takeHeld(): Held {
  const { BANYAN_HOLDER: holder, BANYAN_PUBLIC_FDS: count, BANYAN_PUBLIC_FD: one } = process.env
  delete process.env.BANYAN_HOLDER
  delete process.env.BANYAN_PUBLIC_FDS
  delete process.env.BANYAN_PUBLIC_FD
  // A holder goes on through an update of Banyan; one of the version before has one socket to hand on.
  const sockets = count === undefined ? Number(one !== undefined) : Number(count)
  // The holder may have died meanwhile; then this control starts the next one.
  return { byHolder: holder !== undefined, publicFds: inheritedSockets(sockets) }
}

/** Watches the holder from here on, and tells it what becomes of the system. */
export function keepHolder({
  paths,
  publicFds,
  events,
}: {
  readonly paths: StatePaths
  readonly publicFds: readonly number[]
  readonly events: EventLog
}): HolderKeeper {
  const keeper = new HolderKeeper({
    paths,
    sockets: publicFds,
    onChange: (sentence) => events.add({ type: 'progress', sentence }),
  })
  events.follow(({ type }) => {
    if (type === 'ready') void keeper.tell({ kind: 'ready' })
    if (type === 'stopping') void keeper.tell({ kind: 'stopping' })
  })
  void keeper.run()
  return keeper
}
