import { refusals, rungs, topologyOf } from '@banyan/model'
import type { Context } from '../climb/context.ts'
import { groundFor } from '../climb/ground.ts'
import { rungsAfter } from '../climb/target.ts'
import { ladder, type RungName } from '../doctor/ladder.ts'
import { missingPrograms } from '../engines/missing-programs.ts'
import type { Ladder, RungStatus } from './types.ts'

/** The problem that each rung answers which is not built yet. */
const answersLater: Partial<Record<RungName, string>> = {
  cached: 'The same questions reach the database again and again.',
  edge: 'Pages and pictures that are the same for all are made anew for each visitor.',
  elastic: 'The load of an afternoon is ten times that of the night.',
  regions: 'A whole data centre may fail, and users on other continents wait for each answer.',
  queued: 'Work that nobody has to wait for makes users wait, and is lost with the process.',
  sharded: 'One database server is too small for all writes, or for all data.',
  services: 'Several teams stand in each other’s way in one database.',
}

/** Every rung of the ladder with what it adds, what it answers, and whether this system can have it here. */
export async function ladderOf(context: Context): Promise<Ladder> {
  const all = ladder.map(async ({ name, needs, adds }, index) => {
    const number = index + 1
    const built = rungs.find((rung) => rung.name === name)
    if (built === undefined) return laterOf({ name, number, needs, adds })
    const held = context.topology.rungs.includes(name)
    const obstacles = held ? [] : await obstaclesTo(context, name)
    const state = held ? 'held' : obstacles.length > 0 ? 'refused' : 'open'
    const { adds: adding, answers } = built
    return { name, number, needs: built.needs, adds: adding, answers, state, obstacles } as const
  })
  return { rungs: await Promise.all(all) }
}

function laterOf({
  name,
  number,
  needs,
  adds,
}: Pick<RungStatus, 'number' | 'needs' | 'adds'> & { readonly name: RungName }): RungStatus {
  const sentence = `${adds.charAt(0).toUpperCase()}${adds.slice(1)}.`
  const answers = answersLater[name] ?? ''
  return { name, number, needs, adds: sentence, answers, state: 'later', obstacles: [] }
}

/** What stands against it on this ground, for good; what only goes on now is said by the climb itself. */
async function obstaclesTo(context: Context, name: RungName): Promise<readonly string[]> {
  const ground = await groundFor(context)
  const to = rungsAfter(context.topology.rungs, 'grow', [name], ground)
  const reasons = refusals(to, ground)
  if (reasons.length > 0) return reasons
  return await missingPrograms(topologyOf(to, ground))
}
