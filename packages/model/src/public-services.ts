import type { Service, System } from './system.ts'

/** Whether somebody outside asks a service: by its routes, or at a port of its own. A worker is asked by nobody. */
export const isPublic = ({ routes, tcp }: Pick<Service, 'routes' | 'tcp'>): boolean =>
  routes.length > 0 || tcp !== undefined

/** The services that somebody outside asks. */
export const publicServices = ({ services }: Pick<System, 'services'>): readonly Service[] =>
  services.filter(isPublic)

/**
 * The public ports of a system besides that of HTTP, each once, from the lowest on.
 *
 * @example tcpPorts(system) // [1883, 2525]
 */
export const tcpPorts = ({ services }: Pick<System, 'services'>): readonly number[] =>
  [...new Set(services.flatMap(({ tcp }) => (tcp === undefined ? [] : [tcp])))].sort(
    (a, b) => a - b,
  )
