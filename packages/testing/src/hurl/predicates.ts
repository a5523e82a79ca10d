import type { Check } from './parse.ts'

/** What `jsonpath` found: absent is not the same as null. */
export type Found = { readonly exists: false } | { readonly exists: true; readonly value: unknown }

/** Looks up `$.a.b[0].c`. Other forms of JSONPath (RFC 9535) are an error. */
export function lookUp(document: unknown, path: string): Found {
  if (!/^\$(\.\w+|\[\d+\])*$/.test(path)) throw new Error(`jsonpath not understood: ${path}`)
  let value = document
  for (const [, name, index] of path.matchAll(/\.(\w+)|\[(\d+)\]/g)) {
    const key = name ?? Number(index)
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
      return { exists: false }
    }
    value = (value as Record<string | number, unknown>)[key]
  }
  return { exists: true, value }
}

/** Null when the check holds, else a sentence with what was expected and what was found. */
export function failureOf(check: Check, document: unknown, argument: unknown): string | null {
  const found = counted(lookUp(document, check.path), check.count)
  if (holds(check, found, argument) !== check.negated) return null
  const expected = [check.count && 'count', check.negated && 'not', check.predicate]
    .filter(Boolean)
    .join(' ')
  const wanted = check.argument === null ? expected : `${expected} ${JSON.stringify(argument)}`
  return `${check.path}: expected ${wanted}, found ${found.exists ? JSON.stringify(found.value) : 'nothing'}`
}

function counted(found: Found, count: boolean): Found {
  if (!count) return found
  if (!found.exists || !Array.isArray(found.value)) return { exists: false }
  return { exists: true, value: found.value.length }
}

function holds(check: Check, found: Found, argument: unknown): boolean {
  if (check.predicate === 'exists') return found.exists
  if (!found.exists) {
    // "not isEmpty" of nothing must fail, so an absent value satisfies no predicate either way.
    return check.negated
  }
  return compare(check.predicate, found.value, argument)
}

function compare(predicate: Check['predicate'], value: unknown, argument: unknown): boolean {
  switch (predicate) {
    case '==':
      return JSON.stringify(value) === JSON.stringify(argument)
    case '!=':
      return JSON.stringify(value) !== JSON.stringify(argument)
    case '>=':
    case '<=':
    case '>':
    case '<':
      return order(predicate, value, argument)
    case 'contains':
      if (Array.isArray(value)) return value.some((one) => compare('==', one, argument))
      return typeof value === 'string' && value.includes(String(argument))
    case 'matches':
      return typeof value === 'string' && new RegExp(String(argument)).test(value)
    case 'startsWith':
      return typeof value === 'string' && value.startsWith(String(argument))
    case 'endsWith':
      return typeof value === 'string' && value.endsWith(String(argument))
    case 'isEmpty':
      return isEmpty(value)
    default:
      return isOfKind(predicate, value)
  }
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === ''
}

function order(predicate: '>=' | '<=' | '>' | '<', value: unknown, argument: unknown): boolean {
  if (typeof value !== 'number' || typeof argument !== 'number') return false
  if (predicate === '>=') return value >= argument
  if (predicate === '<=') return value <= argument
  return predicate === '>' ? value > argument : value < argument
}

function isOfKind(predicate: Check['predicate'], value: unknown): boolean {
  if (predicate === 'isString') return typeof value === 'string'
  if (predicate === 'isInteger') return Number.isSafeInteger(value)
  if (predicate === 'isNumber') return typeof value === 'number'
  if (predicate === 'isBoolean') return typeof value === 'boolean'
  if (predicate === 'isList') return Array.isArray(value)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
