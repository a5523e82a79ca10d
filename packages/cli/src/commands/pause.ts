import { ControlClient, statePaths } from '@banyan/control/api'
import { BanyanError } from '@banyan/model'
import type { Common } from '../program.ts'

/** SIGSTOP for every process of a node: a fault on purpose, until it is resumed. */
export async function pause({ json, directory }: Common, node: string): Promise<number> {
  const paused = await (await find(directory)).pause(node)
  say(json, paused, `${paused.node} stands still. It goes on with: banyan resume ${paused.node}`)
  return 0
}

/** SIGCONT for a node that was paused. */
export async function resume({ json, directory }: Common, node: string): Promise<number> {
  const resumed = await (await find(directory)).resume(node)
  say(json, resumed, `${resumed.node} goes on.`)
  return 0
}

async function find(directory: string): Promise<ControlClient> {
  const control = await ControlClient.find(statePaths(directory))
  if (control !== null) return control
  throw new BanyanError('BANYAN_NOT_RUNNING', `No control runs in ${directory}.`, {
    hint: 'Look at "banyan status". "banyan up" starts the system, or takes over what still runs.',
  })
}

function say(json: boolean, result: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${text}\n`)
}
