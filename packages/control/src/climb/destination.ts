import { BanyanError, type Ground, isPublic, type System } from '@banyan/model'
import { climbRefused } from '../api/climb-errors.ts'
import type { ClimbRequest } from '../api/types.ts'
import { checkSameDatabase } from '../engines/adopted/same-database.ts'
import { targetOf } from '../engines/adopted/target.ts'
import { nothingToDo, type Preflight } from '../migrations/preflight.ts'
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
  ending: AbortSignal,
): Promise<Aim> {
  if (request.direction === 'release') {
    return await releaseDestination(context, request, from, ending)
  }
  if (request.direction === 'undo') return await undoDestination(context, from, ending)
  const { direction, rungs, balancer = from.balancer } = request
  const ground = await groundFor(context, { balancer })
  const to = { ...from, rungs: rungsFor(request, from, ground), balancer }
  if (rungs.length === 0 && request.balancer !== undefined) to.rungs = from.rungs
  const reasons = await refusalsOf(context, to, ground)
  if (reasons.length > 0) throw climbRefused(direction, reasons)
  return to
}

function rungsFor(
  { direction, rungs }: ClimbRequest,
  from: Aim,
  ground: Ground,
): readonly string[] {
  return rungsAfter(from.rungs, direction === 'shrink' ? 'shrink' : 'grow', rungs, ground)
}

async function releaseDestination(
  context: Context,
  { snapshot = '', again = false }: ClimbRequest,
  from: Aim,
  ending: AbortSignal,
): Promise<Aim> {
  const { releases } = context
  if (releases.live === null || context.settings.mode === 'dev') throw inDev()
  if (!again && snapshot === releases.liveSnapshot) throw unchanged(releases.live)
  const system = await releases.systemOf(snapshot)
  const reasons = [
    ...(await refusalsOf(context, from, await groundFor(context, { system }), true)),
    ...otherProtocols(context.system, system),
    ...refusedData(context, system),
  ]
  const migrating = await lookAhead(context, system, ending)
  reasons.push(...migrating.reasons)
  if (reasons.length > 0) throw releaseRefused(reasons)
  const { name } = await releases.begin(snapshot)
  context.contracts = migrating.contracts
  return { ...from, release: name }
}

/** The nodes of both releases serve side by side under one name, so that they have to speak the same. */
function otherProtocols(before: System, after: System): string[] {
  return after.services.filter(isPublic).flatMap(({ name, tcp }) => {
    const old = before.services.find((service) => service.name === name && isPublic(service))
    if (old === undefined || (old.tcp === undefined) === (tcp === undefined)) return []
    const [had, has] = tcp === undefined ? ['tcp', 'routes'] : ['routes', 'tcp']
    return [`${name} had \`${had}\` and now has \`${has}\`; give the service another name.`]
  })
}

/**
 * What stands against the migrations of a release. A database that is not well (one that is paused, for
 * one) is a reason of its own, and may never answer; and whoever stops everything waits for no answer.
 */
async function lookAhead(
  context: Context,
  system: Context['system'],
  ending: AbortSignal,
): Promise<Pick<Preflight, 'reasons' | 'contracts'>> {
  const isAiling = context.keepers.all.some(
    ({ driver, health }) => driver.node.tier === 'data' && health === 'failed',
  )
  if (isAiling || system.data === null || system.data.url !== null) return nothingToDo
  const late = AbortSignal.timeout(lookAheadMs)
  const signal = AbortSignal.any([ending, late])
  return await preflight(context, system, context.system, signal).catch((error: unknown) => {
    if (!late.aborted) throw error
    const reason = `The database has not answered for ${lookAheadMs / 1_000} s what the migrations would meet.`
    return { reasons: [reason], contracts: [] }
  })
}

const lookAheadMs = 60_000

/** What stands against the data of a release: changes that no system may make while it runs. */
function refusedData(context: Context, system: Context['system']): readonly string[] {
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
  return otherDatabase(context, system)
}

function otherDatabase(context: Context, system: Context['system']): readonly string[] {
  const { topology, system: before } = context
  if (isElsewhere(before, system)) {
    return [
      '`data.url` leads to another database than before, and both releases would write at once.',
    ]
  }
  try {
    checkSameDatabase(system, topology)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

/** With another user or password it is the same database, and with one more or one less of its servers. */
function isElsewhere(before: Context['system'], system: Context['system']): boolean {
  if (before.data?.url == null || system.data?.url == null) return false
  const [was, is] = [targetOf(before), targetOf(system)]
  const places = new Set(was.members.map(({ name }) => name))
  return !is.members.some(({ name }) => places.has(name)) || was.database !== is.database
}

async function undoDestination(context: Context, from: Aim, ending: AbortSignal): Promise<Aim> {
  const { releases } = context
  const { before, live } = releases
  if (before === null) throw nothingBefore(live)
  const to = { ...from, release: before }
  const system = await systemFor(context, to)
  const reasons = await refusalsOf(context, to, await groundFor(context, { system }), true)
  if (reasons.length > 0) throw climbRefused('undo', reasons)
  if (system.data !== null && system.data.url === null) {
    const missing = await orEnding(contractsMissingIn(context, system), ending)
    if (missing.length > 0) throw takenAway(before, missing)
    const { reasons: unsafe } = await lookAhead(context, system, ending)
    if (unsafe.length > 0) throw climbRefused('undo', unsafe)
  }
  context.contracts = []
  return to
}

/** What a database that froze this moment would answer is waited for until everything is to stop. */
async function orEnding<Result>(answer: Promise<Result>, ending: AbortSignal): Promise<Result> {
  const called = new Promise<never>((_, reject) => {
    ending.addEventListener('abort', () => reject(ending.reason), { once: true })
  })
  return await Promise.race([answer, called])
}

function inDev(): BanyanError {
  return new BanyanError(
    'BANYAN_RELEASE_REFUSED',
    'Nothing is released here: "banyan dev" runs the code in place.',
    { hint: 'Start the system with "banyan up"; then "banyan release" brings new code live.' },
  )
}
