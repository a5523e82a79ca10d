/** Small systems for tests of plans: combinations of services, without data, with it, and on an adopted database. */
import type { Ground } from './ground.ts'
import { resolveSystem } from './resolve-system.ts'

/** `web` calls `serve`; `plain` has routes too, and takes no passed socket. */
export type ServiceKind = 'web' | 'plain' | 'worker'

export type Shape = {
  readonly services: readonly ServiceKind[]
  readonly data: boolean | 'adopted'
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

/** The ground of a shape: services `web-a`, `worker-b`, each node with a port of its own. */
export const groundOf = ({ services, data }: Shape, url = adoptedUrl): Ground => {
  const isAdopted = data === 'adopted'
  const names = services.map((kind, index) => `${kind}-${'abc'[index]}`)
  const system = resolveSystem(
    {
      name: 'notes',
      services: Object.fromEntries(
        names.map((name) => [name, { run: 'node x.ts', routes: routesOf(name) }]),
      ),
      ...(data && { data: { tables: { notes: { by: 'user_id' } }, ...(isAdopted && { url }) } }),
    },
    { root: '/srv/notes' },
  )
  const first = [...(data ? ['db-1'] : []), ...names.map((name) => `${name}-1`)]
  const nodes = [...first, ...names.map((name) => `${name}-2`), 'gateway-1', 'haproxy-1']
  return {
    system,
    machine: { cpus: 4, memoryMb: 8192 },
    hosts: [1, 2].map((number) => ({
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
