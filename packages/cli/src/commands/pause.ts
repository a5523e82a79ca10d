import { needControl } from '../need-control.ts'
import type { Common } from '../program.ts'

/** SIGSTOP for every process of a node: a fault on purpose, until it is resumed. */
export async function pause({ json, directory }: Common, node: string): Promise<number> {
  const paused = await (await needControl(directory)).pause(node)
  say(json, paused, `${paused.node} stands still. It goes on with: banyan resume ${paused.node}`)
  return 0
}

/** SIGCONT for a node that was paused. */
export async function resume({ json, directory }: Common, node: string): Promise<number> {
  const resumed = await (await needControl(directory)).resume(node)
  say(json, resumed, `${resumed.node} goes on.`)
  return 0
}

function say(json: boolean, result: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${text}\n`)
}
