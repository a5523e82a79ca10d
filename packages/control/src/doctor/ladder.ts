import { BanyanError, rungs as builtRungs, nearestName } from '@banyan/model'

/** A rung as `doctor` knows it: also those that this version cannot climb to yet. */
export type DoctorRung = {
  readonly name: RungName
  readonly needs: readonly RungName[]
  /** What it gives, as the end of a sentence. */
  readonly adds: string
}

export type RungName =
  | 'single'
  | 'split'
  | 'balanced'
  | 'replicated'
  | 'cached'
  | 'edge'
  | 'elastic'
  | 'regions'
  | 'queued'
  | 'observed'
  | 'sharded'
  | 'services'

/**
 * The whole ladder. What a rung asks of an app follows from what it is, so that it can be said before
 * the rung is built: an app that fits today fits later.
 */
export const ladder: readonly DoctorRung[] = [
  { name: 'single', needs: [], adds: 'one server, web process and database side by side' },
  { name: 'split', needs: ['single'], adds: 'a host of its own for the database' },
  { name: 'balanced', needs: ['single'], adds: 'a balancer and two or more web servers' },
  { name: 'replicated', needs: ['single'], adds: 'replicas, failover, reads on replicas' },
  { name: 'cached', needs: ['single'], adds: 'a cache that follows the database' },
  { name: 'edge', needs: ['balanced'], adds: 'an HTTP cache in front' },
  { name: 'elastic', needs: ['balanced'], adds: 'web servers by load' },
  { name: 'regions', needs: ['replicated'], adds: 'a second data centre' },
  { name: 'queued', needs: ['single'], adds: 'a durable queue and workers' },
  { name: 'observed', needs: ['single'], adds: 'alerts, dashboards, retention' },
  { name: 'sharded', needs: ['replicated'], adds: 'several databases that share the keys' },
  { name: 'services', needs: ['queued'], adds: 'services with stores of their own' },
]

/** Whether this version of Banyan can climb to it. */
export const isBuilt = (name: RungName): boolean => builtRungs.some((rung) => rung.name === name)

/**
 * A rung with everything that it needs, in the order of the ladder.
 *
 * @throws BANYAN_RUNG_UNKNOWN, which lists the rungs.
 */
export function withNeeds(name: string): readonly RungName[] {
  const wanted = new Set<RungName>()
  const add = (wantedName: string): void => {
    const rung = ladder.find((one) => one.name === wantedName)
    if (rung === undefined) throw unknown(wantedName)
    wanted.add(rung.name)
    for (const need of rung.needs) add(need)
  }
  add(name)
  return ladder.map((rung) => rung.name).filter((rung) => wanted.has(rung))
}

function unknown(name: string): BanyanError {
  const known = ladder.map((rung) => rung.name)
  const near = nearestName(name, known)
  const meant = near === null || near === undefined ? '' : `Did you mean ${near}? `
  return new BanyanError('BANYAN_RUNG_UNKNOWN', `There is no rung ${JSON.stringify(name)}.`, {
    hint: `${meant}The rungs: ${known.join(', ')}.`,
    details: { name, known },
  })
}
