import { adminServer } from '../climb/admin-server.ts'
import type { Context } from '../climb/context.ts'
import { isHeldBy } from './attachments.ts'
import { dropFresh } from './fresh.ts'
import { sweepAttached } from './sweep.ts'

/** How long a command that was killed may go unnoticed. */
const lookEveryMs = 250

/** Whether a system that is only there for somebody has lost the last one. */
export function isAbandoned({ paths, settings }: Pick<Context, 'paths' | 'settings'>): boolean {
  if (settings.mode !== 'dev') return false
  return !isHeldBy(paths, settings.dataOnly === true ? 'exec' : 'dev')
}

/** Looks after those who use the system: cleans up behind the dead, and says when nobody is left. */
export function attend(context: Context, onAbandoned: () => void): () => void {
  let sweeping = false
  const timer = setInterval(() => {
    if (isAbandoned(context)) onAbandoned()
    if (sweeping) return
    sweeping = true
    const drop = async (name: string) => await dropFresh(adminServer(context), name)
    sweepAttached(context.paths, drop)
      .catch(() => {})
      .finally(() => {
        sweeping = false
      })
  }, lookEveryMs)
  return () => clearInterval(timer)
}
