import { planClimb } from '@banyan/control/api'
import type { BalancerName } from '@banyan/model'
import { paint } from '../paint.ts'
import type { Common } from '../program.ts'

export type PlanOptions = {
  readonly direction: 'grow' | 'shrink'
  readonly rungs: readonly string[]
  /** The code as it is here is to come live. */
  readonly release: boolean
  readonly balancer?: BalancerName
}

/** Shows the steps of a climb, with what takes each back. */
export async function planCommand(
  { json, config, directory }: Common,
  options: PlanOptions,
): Promise<number> {
  const planned = await planClimb({ config, directory, ...options })
  if (json) {
    process.stdout.write(`${JSON.stringify(planned)}\n`)
    return 0
  }
  const from = planned.from.length === 0 ? 'nothing' : planned.from.join(', ')
  const lines = [`From ${from} to ${planned.to.join(', ')}: ${sayCount(planned.steps.length)}`]
  planned.steps.forEach(({ sentence, undo }, index) => {
    lines.push(`${String(index + 1).padStart(3)}. ${sentence}`, paint('dim', `     undo: ${undo}`))
  })
  process.stdout.write(`${lines.join('\n')}\n`)
  return 0
}

function sayCount(steps: number): string {
  if (steps === 0) return 'there is nothing to do.'
  return steps === 1 ? 'one step.' : `${steps} steps.`
}
