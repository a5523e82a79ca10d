import { BanyanError, nearestName, type Service, type System } from '@banyan/model'
import type { ExecRequest } from './open-exec.ts'

/** What cannot be run in the way that was asked for, found out before the first effect. */
export function checkExec(system: System, { fresh, service }: ExecRequest): void {
  if (fresh && system.data === null) throw noData()
  if (fresh && system.data?.url != null) throw freshAdopted()
  serviceOf(system, service)
}

/** The service whose environment the command gets: the one named, else the one with routes, else the first. */
export function serviceOf({ services }: System, wanted: string | null): Service {
  const found =
    wanted === null
      ? (services.find(({ routes }) => routes.length > 0) ?? services[0])
      : services.find(({ name }) => name === wanted)
  if (found !== undefined) return found
  const names = services.map(({ name }) => name)
  const near = nearestName(wanted ?? '', names)
  throw new BanyanError('BANYAN_EXEC_REFUSED', `There is no service ${JSON.stringify(wanted)}.`, {
    hint: `${near === null ? '' : `Did you mean ${near}? `}The services: ${names.join(', ')}.`,
    details: { service: wanted, services: names },
  })
}

function noData(): BanyanError {
  return new BanyanError('BANYAN_EXEC_REFUSED', 'The system has no database that could be fresh.', {
    hint: 'Leave out --fresh, or add `data: {}` to the config.',
  })
}

function freshAdopted(): BanyanError {
  return new BanyanError(
    'BANYAN_EXEC_REFUSED',
    'The database is adopted, and no other one is made on its server.',
    { hint: 'Leave out --fresh, and name a database for tests in DATABASE_URL.' },
  )
}

/** A system that serves is not there to be tried things on. */
export function live(directory: string, isControlled: boolean): BanyanError {
  if (!isControlled) {
    return new BanyanError(
      'BANYAN_EXEC_LIVE',
      `The system in ${directory} was started by "banyan up" and still runs, but nobody looks after it.`,
      { hint: 'Take it over with "banyan up", or stop it with "banyan down"; then try again.' },
    )
  }
  return new BanyanError(
    'BANYAN_EXEC_LIVE',
    `The system in ${directory} was started by "banyan up": the command would work on live data, and see the rows of every key.`,
    {
      hint: 'If that is meant, say --wide. For tests, --fresh gives them an empty database of their own.',
    },
  )
}
