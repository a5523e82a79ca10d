import {
  BanyanError,
  dependentsOf,
  findRungs,
  type Ground,
  lastRung,
  nextRung,
  publicServices,
  refusals,
  topologyOf,
} from '@banyan/model'
import type { ClimbRequest } from '../api/types.ts'
import { missingPrograms } from '../engines/missing-programs.ts'
import type { Aim } from './aim.ts'
import type { Context } from './context.ts'
import { unableToFollow } from './followers.ts'
import { roomForCopies } from './room-for-copies.ts'
import { roomForProcesses } from './room-for-processes.ts'

/**
 * The rungs that hold after a climb. Without a name, `grow` takes the next rung, of those that the system
 * can have on its ground, and `shrink` gives up the last.
 *
 * @throws BANYAN_RUNG_UNKNOWN, which lists the rungs that exist.
 */
export function rungsAfter(
  held: readonly string[],
  direction: ClimbRequest['direction'],
  names: readonly string[],
  ground?: Ground,
): readonly string[] {
  return direction === 'grow' ? grown(held, names, ground) : shrunk(held, names)
}

function grown(
  held: readonly string[],
  names: readonly string[],
  ground?: Ground,
): readonly string[] {
  const next = nextRung(held, ground)
  const wanted = names.length > 0 ? names : next === null ? [] : [next]
  return namesOf([...held, ...wanted])
}

function shrunk(held: readonly string[], names: readonly string[]): readonly string[] {
  const last = lastRung(held)
  const given = names.length > 0 ? names : last === null ? ['single'] : [last]
  if (given.includes('single')) throw lastOne()
  const gone = dependentsOf(held, given)
  return namesOf(held.filter((name) => !gone.includes(name)))
}

function namesOf(names: readonly string[]): readonly string[] {
  return findRungs(names.length > 0 ? names : ['single']).map(({ name }) => name)
}

function lastOne(): BanyanError {
  return new BanyanError('BANYAN_CLIMB_REFUSED', 'There is no rung below single.', {
    hint: 'Stop the system with "banyan down".',
    details: { reasons: ['There is no rung below single.'] },
  })
}

/** Every reason why a climb to these rungs cannot succeed, as far as that can be known before it. */
export async function refusalsOf(
  context: Context,
  { rungs }: Pick<Aim, 'rungs'>,
  ground: Ground,
  /** New code may be the very mend for processes that are not well. */
  bringsCode = false,
): Promise<string[]> {
  const { settings, keepers, publicFds } = context
  const reasons = [...refusals(rungs, ground)]
  if (reasons.length === 0)
    reasons.push(...(await missingPrograms(topologyOf(rungs, ground), context.topology)))
  if (reasons.length === 0)
    reasons.push(...roomForProcesses(context, topologyOf(rungs, ground), ground.system))
  if (reasons.length === 0) reasons.push(...(await roomForCopies(context, rungs, ground)))
  if (reasons.length === 0 && isWell(context))
    reasons.push(...(await unableToFollow(context, rungs)))
  const staying = reasons.length > 0 ? null : namesIn(rungs, ground)
  if (settings.mode === 'dev') {
    reasons.push(
      '"banyan dev" runs the code in place, on one server; start the system with "banyan up".',
    )
  }
  const ailing = keepers.all.filter(
    // What goes need not be well: giving it up may be the very mend.
    ({ name, health, driver }) =>
      health === 'failed' &&
      staying?.has(name) !== false &&
      // A release is not kept waiting by those who only watch it either.
      !(bringsCode && (driver.release !== undefined || driver.node.tier === 'telemetry')),
  )
  for (const { sentence } of ailing) reasons.push(sentence)
  if (publicServices(ground.system).length > 0 && publicFds.length === 0) {
    reasons.push(
      'This control has no public socket to hand on; run "banyan down" and "banyan up" once.',
    )
  }
  return [...reasons, ...unboundPorts(settings, ground)]
}

/** One that stands still would not answer what is asked here, and is a reason of its own. */
const isWell = ({ keepers }: Context): boolean =>
  keepers.all.every(({ driver, health }) => driver.node.tier !== 'data' || health === 'healthy')

/** The public sockets are bound once, when the system comes up. */
function unboundPorts({ tcp = [] }: Context['settings'], { system }: Ground): string[] {
  return system.services
    .filter((service) => service.tcp !== undefined && !tcp.includes(service.tcp))
    .map(
      (service) =>
        `${service.name} has the public port ${service.tcp}, and ports are bound when the system comes up; run "banyan down", then "banyan up --release".`,
    )
}

function namesIn(rungs: readonly string[], ground: Ground): ReadonlySet<string> {
  return new Set(topologyOf(rungs, ground).nodes.map(({ name }) => name))
}
