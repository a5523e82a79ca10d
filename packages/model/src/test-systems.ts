/** Small systems for tests of plans: every combination of web services and workers, without data, with, and on an adopted database. */
import type { Ground } from './ground.ts'
import { resolveSystem } from './resolve-system.ts'

export type Shape = {
  readonly services: readonly ('web' | 'worker')[]
  readonly data: boolean | 'adopted'
}

export const systemsUpTo = (servicesMax: number): readonly Shape[] => {
  const shapes: Shape[] = []
  for (let count = 1; count <= servicesMax; count++) {
    for (let mask = 0; mask < 2 ** count; mask++) {
      const services = Array.from({ length: count }, (_, index) =>
        (mask >> index) & 1 ? ('worker' as const) : ('web' as const),
      )
      // More than one service with routes is not a system yet.
      if (services.filter((kind) => kind === 'web').length > 1) continue
      shapes.push(
        { services, data: false },
        { services, data: true },
        { services, data: 'adopted' },
      )
    }
  }
  return shapes
}

const adoptedUrl = 'postgres://ann:secret@db.example/notes'

/** The ground of a shape: services `web-a`, `worker-b`, each node with a port of its own. */
export const groundOf = ({ services, data }: Shape, url = adoptedUrl): Ground => {
  const isAdopted = data === 'adopted'
  const names = services.map((kind, index) => `${kind}-${'abc'[index]}`)
  const system = resolveSystem(
    {
      name: 'notes',
      services: Object.fromEntries(
        names.map((name) => [
          name,
          { run: 'node x.ts', routes: name.startsWith('web') ? ['/'] : [] },
        ]),
      ),
      ...(data && { data: { tables: { notes: { by: 'user_id' } }, ...(isAdopted && { url }) } }),
    },
    { root: '/srv/notes' },
  )
  const nodes = [...(data ? ['db-1'] : []), ...names.map((name) => `${name}-1`)]
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
    plain: [],
    ports: Object.fromEntries(nodes.map((name, index) => [name, 5432 + index])),
  }
}
