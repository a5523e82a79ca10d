import type { EventLog } from '../api/events.ts'
import type { StatePaths } from '../state/paths.ts'
import { HolderKeeper } from './keep-holder.ts'

/** What a control has from the holder that started it. */
export type Held = { readonly byHolder: boolean; readonly publicFd: number | null }

/** Read once and taken away: what control starts is not held, and has no descriptor of that number. */
export function takeHeld(): Held {
  const { BANYAN_HOLDER: holder, BANYAN_PUBLIC_FD: fd } = process.env
  delete process.env.BANYAN_HOLDER
  delete process.env.BANYAN_PUBLIC_FD
  // The holder may have died meanwhile; then this control starts the next one.
  return { byHolder: holder !== undefined, publicFd: fd === undefined ? null : Number(fd) }
}

/** Watches the holder from here on, and tells it what becomes of the system. */
export function keepHolder({
  paths,
  publicFd,
  events,
}: {
  readonly paths: StatePaths
  readonly publicFd: number | null
  readonly events: EventLog
}): HolderKeeper {
  const keeper = new HolderKeeper({
    paths,
    socket: publicFd,
    onChange: (sentence) => events.add({ type: 'progress', sentence }),
  })
  events.follow(({ type }) => {
    if (type === 'ready') void keeper.tell({ kind: 'ready' })
    if (type === 'stopping') void keeper.tell({ kind: 'stopping' })
  })
  void keeper.run()
  return keeper
}
