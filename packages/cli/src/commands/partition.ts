import { needControl } from '../need-control.ts'
import type { Common } from '../program.ts'

/** Drops whatever goes to a node and comes from it: a fault on purpose, until it is healed. */
export async function partition(
  { json, directory }: Common,
  node: string,
  from: string | null,
): Promise<number> {
  const cut = await (await needControl(directory)).partition(node, from)
  const text = `${cut.node} is cut off: nobody reaches it. It is mended with: banyan heal ${cut.node}`
  say(json, cut, text)
  return 0
}

/** Mends what `partition` has cut. */
export async function heal({ json, directory }: Common, node: string): Promise<number> {
  const healed = await (await needControl(directory)).heal(node)
  say(json, healed, `${healed.node} is cut off no longer.`)
  return 0
}

function say(json: boolean, result: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${text}\n`)
}
