import type { Fault } from './faults.ts'
import { FaultList, join } from './faults.ts'
import { FieldReader, isRecord } from './field-reader.ts'
import { type FoundFiles, unseenFiles } from './found-files.ts'
import { freezeDeep } from './freeze.ts'
import { copyJsonLike } from './json-like.ts'
import { checkServiceName, checkSystemName } from './names.ts'
import { readBalancer } from './resolve-balancer.ts'
import { readData } from './resolve-data.ts'
import { readFile, readFolder } from './resolve-path.ts'
import { checkRoutesTogether } from './resolve-routes.ts'
import { readService } from './resolve-service.ts'
import { checkTcpTogether } from './resolve-tcp.ts'
import { readTelemetry } from './resolve-telemetry.ts'
import type { Service, System } from './system.ts'

export type ResolveOptions = {
  /** Absolute path of the folder that the config is in. */
  readonly root: string
  /** How messages call the config. Default `The config`. */
  readonly source?: string
  /** Looks at the disk. Without it, every folder is taken to exist and every command stands for itself. */
  readonly files?: FoundFiles
  /** What was found while the value was copied out of the process that evaluated it. */
  readonly faults?: readonly Fault[]
}

const keys = ['name', 'services', 'data', 'balancer', 'assets', 'proof', 'telemetry']

/**
 * Makes a system of what a config exports: validated whole, defaults filled in, paths absolute, frozen.
 *
 * @example
 * const system = resolveSystem({ name: 'notes', services: { web: { run: 'node web.ts' } } }, { root: '/srv/notes' })
 * system.services[0].run // ['node', 'web.ts']
 * @throws BANYAN_CONFIG_INVALID with every fault at once, in the message and as `details.faults`.
 */
export const resolveSystem = (input: unknown, options: ResolveOptions): System => {
  const faults = new FaultList(options.faults)
  const system = readSystem(copyJsonLike(input, faults), faults, options)
  faults.throwAny(options.source ?? 'The config')
  return freezeDeep(system)
}

const readSystem = (
  value: unknown,
  faults: FaultList,
  { root, files = unseenFiles }: ResolveOptions,
): System => {
  const fields = new FieldReader(faults, '', isRecord(value) ? value : {})
  if (isRecord(value)) faults.checkKeys('', value, keys)
  else
    faults.add('', value, {
      expected: 'a system',
      mend: 'write export default defineSystem({ name, services })',
    })
  return {
    name: isRecord(value) ? readName(fields) : '',
    root,
    services: isRecord(value) ? readServices(fields, files) : [],
    data: readData(faults, fields.value('data'), root, files),
    balancer: readBalancer(faults, fields.value('balancer')),
    assets: readFolder(fields, 'assets', root, files),
    proof: readFile(fields, 'proof', root, files),
    telemetry: readTelemetry(faults, fields.value('telemetry')),
  }
}

const readName = (fields: FieldReader): string => {
  const value = fields.value('name')
  const complaint = checkSystemName(value)
  if (complaint) fields.fault('name', complaint)
  return String(value)
}

const readServices = (fields: FieldReader, files: FoundFiles): readonly Service[] => {
  const value = fields.value('services')
  if (!isRecord(value) || Object.keys(value).length === 0) {
    fields.fault('services', {
      expected: 'at least one service',
      mend: "write services: { web: { run: 'node src/web.ts', routes: ['/'] } }",
    })
    return []
  }
  const services = Object.entries(value).flatMap(([name, service]) => {
    const complaint = checkServiceName(name)
    if (complaint) fields.faults.add(join('services', name), service, complaint)
    return readService(fields.faults, name, service, files) ?? []
  })
  checkRoutesTogether(fields.faults, services)
  checkTcpTogether(fields.faults, services)
  return services
}
