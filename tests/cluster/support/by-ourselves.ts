import {
  ControlClient,
  destroy,
  findControl,
  inspectStateDirectory,
  listDoomed,
  observeOffline,
  type StatePaths,
  type Status,
  statePaths,
  stopOffline,
  untilEnded,
  untilHolderEnded,
  withMembers,
} from '@banyan/control/api'

/*
 * What `banyan status --json` and `banyan down --destroy --yes` do, without a process of their own for it.
 * Tests ask for the status again and again, and a command costs a quarter of a second of processor time each.
 * Tests that are about a command itself run the command.
 */

/** What `status --json` prints; null where the command would refuse, which is then its to say. */
export async function statusByOurselves(state: string): Promise<Status | null> {
  try {
    const paths = statePaths(state)
    await inspectStateDirectory(paths)
    const control = await ControlClient.find(paths)
    const status = control === null ? await observeOffline(paths) : await control.status()
    // As it arrives from another process: what is undefined is not there.
    return JSON.parse(JSON.stringify(withMembers(status)))
  } catch {
    return null
  }
}

/** Ends a system and deletes its data; false where that is a matter for the command. */
export async function destroyByOurselves(state: string): Promise<boolean> {
  try {
    const paths = statePaths(state)
    if ((await inspectStateDirectory(paths)) === null) return true
    const doomed = await listDoomed(paths)
    await stop(paths)
    if (doomed.length > 0) await destroy(paths)
    return true
  } catch {
    return false
  }
}

async function stop(paths: StatePaths): Promise<void> {
  const running = await findControl(paths)
  if (running === null) return void (await stopOffline(paths))
  await new ControlClient(running.socket).down()
  await untilEnded(running, 10_000)
  await untilHolderEnded(paths)
}
