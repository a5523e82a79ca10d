import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Topology } from '@banyan/model'

/** What a topology takes that this machine does not have, each with the command that installs it. */
export async function missingPrograms({ nodes }: Topology): Promise<readonly string[]> {
  if (!nodes.some(({ engine }) => engine === 'haproxy') || findHaproxy() !== null) return []
  return ['It takes HAProxy, which is not installed here: apt-get install haproxy']
}

/** Debian puts it where only root's PATH leads. */
function findHaproxy(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const found = folders.map((folder) => join(folder, 'haproxy')).find(canRun)
  return found ?? null
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
