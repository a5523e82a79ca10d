import { ControlClient, statePaths } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import type { Common } from '../program.ts'

/** SIGKILL for a node: a fault on purpose. */
export async function kill({ json, directory }: Common, node: string): Promise<number> {
  const control = await ControlClient.find(statePaths(directory))
  if (control === null) {
    throw new BanyanError(
      'BANYAN_NOT_RUNNING',
      `No control runs in ${directory}, which would bring back what is killed.`,
      {
        hint: 'Look at "banyan status". "banyan up" starts the system, or takes over what still runs.',
      },
    )
  }
  const killed = await control.kill(node)
  process.stdout.write(
    json
      ? `${JSON.stringify(killed)}\n`
      : `${killed.node} (process ${killed.pid}) got SIGKILL. Watch it come back: banyan status\n`,
  )
  return 0
}
