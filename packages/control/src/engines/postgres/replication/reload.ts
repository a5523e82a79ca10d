import { BanyanError } from '@banyan/model'
import { findServer } from '../find-server.ts'

/**
 * Has a running server read its settings again.
 *
 * @example await reloadServer('/srv/notes/.banyan/nodes/db-3')
 */
export async function reloadServer(nodeDirectory: string): Promise<void> {
  process.kill(await postmasterOf(nodeDirectory), 'SIGHUP')
}

/** The process of the server that runs in a node's folder. */
export async function postmasterOf(nodeDirectory: string): Promise<number> {
  const server = await findServer(nodeDirectory)
  if (server !== null) return server.pid
  throw new BanyanError(
    'BANYAN_MEMBER_DOWN',
    `No PostgreSQL server runs in ${nodeDirectory}, so that nothing can be asked of it.`,
    { hint: 'Look at "banyan status", and at its log for why it ended.' },
  )
}
