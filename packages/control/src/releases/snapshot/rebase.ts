import { join } from 'node:path'
import type { Service, System } from '@banyan/model'
import { pathInside } from './inside.ts'

/** Where the app would lie if every snapshot lay in the same place: what equal systems are told by. */
export const fixedPlace = '/banyan-snapshot/app'

/**
 * The same system with its paths leading into another copy of the root. Words of commands and values of
 * `env:` that name something of the app by its whole path are led there too; such as name something
 * that the copy does not hold (an uploads folder) stay as they are.
 */
export function rebase(
  system: System,
  from: string,
  to: string,
  holds: (path: string) => boolean,
): System {
  const lead = (path: string): string => {
    const inside = pathInside(from, path)
    return inside === null ? path : join(to, inside)
  }
  const leadText = (text: string): string => {
    const [, before = '', path] = /^(-[^=]*=)?(\/.*)$/s.exec(text) ?? []
    const inside = path === undefined ? null : pathInside(from, path)
    return inside !== null && holds(inside) ? `${before}${join(to, inside)}` : text
  }
  const leadOrNull = (path: string | null) => (path === null ? null : lead(path))
  return {
    ...system,
    root: lead(system.root),
    services: system.services.map((service) => rebaseService(service, leadText)),
    data: system.data && { ...system.data, migrations: leadOrNull(system.data.migrations) },
    assets: leadOrNull(system.assets),
    proof: leadOrNull(system.proof),
  }
}

function rebaseService(service: Service, lead: (text: string) => string): Service {
  return {
    ...service,
    run: service.run.map(lead),
    build: service.build?.map(lead) ?? null,
    env: Object.fromEntries(Object.entries(service.env).map(([key, text]) => [key, lead(text)])),
  }
}

/** Whether a manifest holds a path: as an entry, or as a folder of entries. */
export function holderOf(manifest: readonly { path: string }[]): (path: string) => boolean {
  const known = new Set([''])
  for (const { path } of manifest) {
    for (let at = path; !known.has(at); at = at.slice(0, Math.max(0, at.lastIndexOf('/'))))
      known.add(at)
  }
  return (path) => known.has(path) || /(^|\/)node_modules(\/|$)/.test(path)
}
