import { ControlClient, statePaths } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import type { Common } from '../program.ts'

/** SIGKILL for a node: a fault on purpose. */
export async function kill({ json, directory }: Common, node: string): Promise<number> {
  const control = await ControlClient.find(statePaths(directory))
  if (control === null) {
    throw new BanyanError(
      'BANYAN_NOT_RUNNING',
      `Nothing runs in ${directory} that could be killed.`,
      {
        hint: 'Start the system with "banyan up".',
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
