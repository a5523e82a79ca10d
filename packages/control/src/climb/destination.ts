import { BanyanError } from '@banyan/model'
import { climbRefused } from '../api/climb-errors.ts'
import type { ClimbRequest } from '../api/types.ts'
import { checkSameDatabase } from '../engines/adopted/same-database.ts'
import { nothingBefore, releaseRefused, takenAway, unchanged } from '../releases/refuse.ts'
import type { Aim } from './aim.ts'
import type { Context } from './context.ts'
import { groundFor, systemFor } from './ground.ts'
import { contractsMissingIn, preflight } from './migrate.ts'
import { refusalsOf, rungsAfter } from './target.ts'

/**
 * Where a climb that is asked for leads to, once it is plain that nothing stands against it. A release
 * is written down here: it has a name from now on, whatever becomes of it.
 *
 * @throws BANYAN_CLIMB_REFUSED, BANYAN_RELEASE_REFUSED, BANYAN_RELEASE_UNCHANGED, BANYAN_RELEASE_UNKNOWN
 */
export async function destinationOf(
  context: Context,
  request: ClimbRequest,
  from: Aim,
): Promise<Aim> {
  if (request.direction === 'release') return await releaseDestination(context, request, from)
  if (request.direction === 'undo') return await undoDestination(context, from)
  const { direction, rungs, balancer = from.balancer } = request
  const to = { ...from, rungs: rungsFor(request, from), balancer }
  if (rungs.length === 0 && request.balancer !== undefined) to.rungs = from.rungs
  const reasons = await refusalsOf(context, to, await groundFor(context, to))
  if (reasons.length > 0) throw climbRefused(direction, reasons)
  return to
}

function rungsFor({ direction, rungs }: ClimbRequest, from: Aim): readonly string[] {
  return rungsAfter(from.rungs, direction === 'shrink' ? 'shrink' : 'grow', rungs)
}

async function releaseDestination(
  context: Context,
  { snapshot = '', again = false }: ClimbRequest,
  from: Aim,
): Promise<Aim> {
  const { releases } = context
  if (releases.live === null || context.settings.mode === 'dev') throw inDev()
  if (!again && snapshot === releases.liveSnapshot) throw unchanged(releases.live)
  const system = await releases.systemOf(snapshot)
  const reasons = [
    ...(await refusalsOf(context, from, await groundFor(context, { system }), true)),
    ...(await refusedData(context, system)),
  ]
  if (reasons.length > 0) throw releaseRefused(reasons)
  const { name } = await releases.begin(snapshot)
  return { ...from, release: name }
}

/** What stands against the data of a release: changes that no system may make while it runs, and its migrations. */
async function refusedData(
  context: Context,
  system: Context['system'],
): Promise<readonly string[]> {
  const before = context.system
  if (system.name !== before.name) {
    return [`The system is ${before.name}, and the config now says ${system.name}.`]
  }
  if ((before.data === null) !== (system.data === null)) {
    return ['The config now has another answer to whether there is a database (`data`).']
  }
  const parts = (['postgres', 'memoryMb'] as const).filter(
    (part) => (before.data?.[part] ?? null) !== (system.data?.[part] ?? null),
  )
  if (parts.length > 0) {
    return parts.map(
      (part) =>
        `\`data.${part}\` is another than before, and a release does not change the database server.`,
    )
  }
  if (system.data === null || system.data.url !== null) return otherDatabase(context, system)
  const { reasons, contracts } = await preflight(context, system, before)
  context.contracts = contracts
  return reasons
}

function otherDatabase({ topology }: Context, system: Context['system']): readonly string[] {
  try {
    checkSameDatabase(system, topology)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

async function undoDestination(context: Context, from: Aim): Promise<Aim> {
  const { releases } = context
  const { before, live } = releases
  if (before === null) throw nothingBefore(live)
  const to = { ...from, release: before }
  const system = await systemFor(context, to)
  const reasons = await refusalsOf(context, to, await groundFor(context, { system }), true)
  if (reasons.length > 0) throw climbRefused('undo', reasons)
  if (system.data !== null && system.data.url === null) {
    const missing = await contractsMissingIn(context, system)
    if (missing.length > 0) throw takenAway(before, missing)
  }
  return to
}

function inDev(): BanyanError {
  return new BanyanError(
    'BANYAN_RELEASE_REFUSED',
    'Nothing is released here: "banyan dev" runs the code in place.',
    { hint: 'Start the system with "banyan up"; then "banyan release" brings new code live.' },
  )
}
