/** Small systems for tests of plans: combinations of services, without data, with it, and on an adopted database. */
import type { Ground } from './ground.ts'
import { resolveSystem } from './resolve-system.ts'

/** `web` calls `serve`; `plain` has routes too, and takes no passed socket. */
export type ServiceKind = 'web' | 'plain' | 'worker'

export type Shape = {
  readonly services: readonly ServiceKind[]
  readonly data: boolean | 'adopted'
  /** How many copies `replicated` adds. Default 2. */
  readonly replicas?: number
}

const kinds: readonly ServiceKind[] = ['web', 'plain', 'worker']

/** Every system of up to so many services. */
export const systemsUpTo = (servicesMax: number): readonly Shape[] => {
  const shapes: Shape[] = []
  for (let count = 1; count <= servicesMax; count++) {
    for (const services of combinations(count)) {
      // Two plain services are like two others: both stand behind the gateway.
      if (services.filter((kind) => kind === 'plain').length > 1) continue
      shapes.push(
        { services, data: false },
        { services, data: true },
        { services, data: 'adopted' },
      )
    }
  }
  return shapes
}

const combinations = (count: number): readonly (readonly ServiceKind[])[] =>
  count === 0
    ? [[]]
    : combinations(count - 1).flatMap((before) => kinds.map((kind) => [...before, kind]))

export const isRoutedShape = ({ services }: Shape): boolean =>
  services.some((kind) => kind !== 'worker')

/** The rungs that a system can stand on, from the lowest. */
export const rungsOf = (shape: Shape): readonly (readonly string[])[] =>
  isRoutedShape(shape) ? [['single'], ['single', 'balanced']] : [['single']]

const adoptedUrl = 'postgres://ann:secret@db.example/notes'

/** Every set of rungs on which the database is that a system can have; with `balanced`, if it can have that. */
export const dataRungsOf = (shape: Shape): readonly (readonly string[])[] => {
  const ways = [[], ['split'], ['replicated'], ['split', 'replicated']]
  return rungsOf(shape).flatMap((names) => ways.map((way) => [...names, ...way]))
}

/** The ground of a shape: services `web-a`, `worker-b`, each node with a port of its own. */
export const groundOf = ({ services, data, replicas = 2 }: Shape, url = adoptedUrl): Ground => {
  const isAdopted = data === 'adopted'
  const names = services.map((kind, index) => `${kind}-${'abc'[index]}`)
  const system = resolveSystem(
    {
      name: 'notes',
      services: Object.fromEntries(
        names.map((name) => [name, { run: 'node x.ts', routes: routesOf(name) }]),
      ),
      ...(data && {
        data: { tables: { notes: { by: 'user_id' } }, ...(isAdopted ? { url } : { replicas }) },
      }),
    },
    { root: '/srv/notes' },
  )
  const first = [...(data ? ['db-1'] : []), ...names.map((name) => `${name}-1`)]
  const copies = data ? Array.from({ length: replicas + 1 }, (_, index) => `db-${index + 2}`) : []
  const second = names.map((name) => `${name}-2`)
  const nodes = [
    ...first,
    ...second,
    'gateway-1',
    'haproxy-1',
    ...copies,
    'prometheus-1',
    'alertmanager-1',
  ]
  return {
    system,
    machine: { cpus: 4, memoryMb: 8192 },
    hosts: Array.from({ length: 12 }, (_, index) => index + 1).map((number) => ({
      name: `local-${number}`,
      site: 'local',
      region: 'local',
      zone: 'a',
      address: `127.1.2.${number}`,
    })),
    ports: Object.fromEntries(nodes.map((name, index) => [name, 5432 + index])),
    balancer: 'gateway',
    plain: names.filter((name) => name.startsWith('plain')),
  }
}

const routesOf = (name: string): string[] => (name.startsWith('worker') ? [] : [`/${name}`])
