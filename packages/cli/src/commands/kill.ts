import { needControl } from '../need-control.ts'
import type { Common } from '../program.ts'

/** SIGKILL for a node: a fault on purpose. */
export async function kill({ json, directory }: Common, node: string): Promise<number> {
  const control = await needControl(directory, ', which would bring back what is killed')
  const killed = await control.kill(node)
  process.stdout.write(
    json
      ? `${JSON.stringify(killed)}\n`
      : `${killed.node} (process ${killed.pid}) got SIGKILL. Watch it come back: banyan status\n`,
  )
  return 0
}
