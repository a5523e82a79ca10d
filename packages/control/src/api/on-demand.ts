import type { Adoption } from '../adopt/types.ts'

/*
 * What single commands need, loaded when one of them asks for it: half of the time of a short command would
 * go by with loading what it never uses.
 */

export const attachTo: typeof import('../attached/attach-to.ts').attachTo = async (...given) =>
  await (await import('../attached/attach-to.ts')).attachTo(...given)

export const connectSql: typeof import('./connect-sql.ts').connectSql = async (...given) =>
  await (await import('./connect-sql.ts')).connectSql(...given)

export const destroy: typeof import('../offline/destroy.ts').destroy = async (...given) =>
  await (await import('../offline/destroy.ts')).destroy(...given)

export const judgeApp = async (
  ...given: Parameters<typeof import('../adopt/judge-app.ts').judgeApp>
): Promise<Adoption> => (await import('../adopt/judge-app.ts')).judgeApp(...given)

export const listAdopted: typeof import('../offline/destroy.ts').listAdopted = async (...given) =>
  await (await import('../offline/destroy.ts')).listAdopted(...given)

export const listDoomed: typeof import('../offline/destroy.ts').listDoomed = async (...given) =>
  await (await import('../offline/destroy.ts')).listDoomed(...given)

export const loadForDev: typeof import('../dev/load-for-dev.ts').loadForDev = async (...given) =>
  await (await import('../dev/load-for-dev.ts')).loadForDev(...given)

export const loadSystem: typeof import('../config/load-system.ts').loadSystem = async (...given) =>
  await (await import('../config/load-system.ts')).loadSystem(...given)

export const observeOffline: typeof import('../offline/observe.ts').observeOffline = async (
  ...given
) => await (await import('../offline/observe.ts')).observeOffline(...given)

export const openExec: typeof import('../exec/open-exec.ts').openExec = async (...given) =>
  await (await import('../exec/open-exec.ts')).openExec(...given)

export const planClimb: typeof import('./plan-climb.ts').planClimb = async (...given) =>
  await (await import('./plan-climb.ts')).planClimb(...given)

export const prepareUp: typeof import('./prepare-up.ts').prepareUp = async (...given) =>
  await (await import('./prepare-up.ts')).prepareUp(...given)

export const proofAccess: typeof import('./proof-access.ts').proofAccess = async (...given) =>
  await (await import('./proof-access.ts')).proofAccess(...given)

export const readApp: typeof import('../adopt/read-app.ts').readApp = async (...given) =>
  await (await import('../adopt/read-app.ts')).readApp(...given)

export const releasesOffline: typeof import('../releases/releases.ts').releasesOffline = async (
  ...given
) => await (await import('../releases/releases.ts')).releasesOffline(...given)

export const startControl: typeof import('./start-control.ts').startControl = async (...given) =>
  await (await import('./start-control.ts')).startControl(...given)

export const stopOffline: typeof import('../offline/stop.ts').stopOffline = async (...given) =>
  await (await import('../offline/stop.ts')).stopOffline(...given)

export const takeSnapshot: typeof import('../releases/snapshot/take.ts').takeSnapshot = async (
  ...given
) => await (await import('../releases/snapshot/take.ts')).takeSnapshot(...given)
