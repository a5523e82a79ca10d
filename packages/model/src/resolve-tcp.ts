import { type FaultList, join } from './faults.ts'
import type { FieldReader } from './field-reader.ts'
import type { Service } from './system.ts'

const bounds = { min: 1, max: 65_535 }

/** What has a meaning for HTTP alone. */
const notBesideTcp = {
  routes: {
    expected: 'either routes or tcp',
    mend: 'remove one of them, or make two services: what has routes speaks HTTP, what has tcp is passed on as it is',
  },
  health: {
    expected: 'no health beside tcp',
    mend: 'remove it: such a service is ready when it takes a connection on PORT',
  },
}

/** Reads `tcp`, or gives null for a service without a port of its own. */
export const readTcp = (fields: FieldReader): number | null => {
  const value = fields.value('tcp')
  if (value === undefined) return null
  for (const [key, complaint] of Object.entries(notBesideTcp)) {
    const other = fields.value(key)
    const saysNothing = Array.isArray(other) && other.length === 0
    if (other !== undefined && !saysNothing) fields.fault(key, complaint)
  }
  const isPort =
    Number.isInteger(value) && Number(value) >= bounds.min && Number(value) <= bounds.max
  if (isPort) return Number(value)
  const meant = Number(value)
  const isMeant = Number.isInteger(meant) && meant >= bounds.min && meant <= bounds.max
  fields.fault('tcp', {
    expected: `a port from ${bounds.min} to ${bounds.max}`,
    mend: `write a number such as tcp: ${typeof value === 'string' && isMeant ? meant : 2525}`,
  })
  return null
}

/** Says which ports are claimed twice. */
export const checkTcpTogether = (faults: FaultList, services: readonly Service[]): void => {
  for (const [index, { name, tcp }] of services.entries()) {
    const first = services.slice(0, index).find((other) => tcp !== undefined && other.tcp === tcp)
    if (first === undefined) continue
    faults.add(join(join('services', name), 'tcp'), tcp, {
      expected: 'a port of its own',
      mend: `take another one; ${first.name} has ${tcp}`,
    })
  }
}
