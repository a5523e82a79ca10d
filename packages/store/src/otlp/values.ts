import { isRecord } from '../is-record.ts'

/*
 * Reads of OTLP's JSON whatever it may hold: exporters differ, and everything here came from outside. A part that
 * is not as it should be is left out.
 */

export const listOf = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : []

export const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null

/** Numbers of 64 bits come as texts. */
export function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && !Number.isNaN(number) ? number : null
}

/** Nanoseconds since 1970, to milliseconds with microseconds behind the point; 0 and nonsense are null. */
export function msOf(value: unknown): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  try {
    const ms = Number(BigInt(value) / 1_000n) / 1_000
    return ms > 0 && ms < 9e12 ? ms : null
  } catch {
    return null
  }
}

/** The id as JSON has it, in hex; null where it is none, or nothing but zeros. */
export function idOf(value: unknown, bytes: number): string | null {
  const text = textOf(value)?.toLowerCase() ?? ''
  return text.length === bytes * 2 && /^[0-9a-f]+$/.test(text) && /[^0]/.test(text) ? text : null
}

const depthMax = 8

export function anyOf(value: unknown, depth = 0): unknown {
  if (!isRecord(value) || depth > depthMax) return null
  if ('intValue' in value) return numberOf(value.intValue)
  if ('arrayValue' in value) {
    const { values } = isRecord(value.arrayValue) ? value.arrayValue : { values: [] }
    return listOf(values).map((one) => anyOf(one, depth + 1))
  }
  if ('kvlistValue' in value) {
    return attributesOf(isRecord(value.kvlistValue) ? value.kvlistValue.values : [], depth + 1)
  }
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue ?? null
}

const attributesMax = 128

export function attributesOf(value: unknown, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    listOf(value)
      .slice(0, attributesMax)
      .flatMap(({ key, value: one }) =>
        typeof key === 'string' ? [[key, anyOf(one, depth)]] : [],
      ),
  )
}

/** Which node a resource is: ours say it, others have something that comes close. */
export function nodeOf(resource: unknown): string {
  const said = attributesOf(isRecord(resource) ? resource.attributes : [])
  for (const key of ['banyan.node', 'service.instance.id', 'host.name', 'service.name']) {
    const name = textOf(said[key])
    if (name !== null) return name.slice(0, 200)
  }
  return 'unknown'
}
