import { type FaultList, join } from './faults.ts'

/** Deeper than any config is; a nesting beyond it is a mistake, and would overflow the stack. */
const depthMax = 32

/**
 * Undefined here is a variable that is not set: left out, it would silently mean something else
 * (a database of our own instead of the one that exists).
 */
const neverLeftOut = ['data.url']

/**
 * A copy of a value that JSON can hold: what it cannot hold becomes null, and a fault with its path.
 * A property that is undefined is left out, as if it had not been written.
 */
export const copyJsonLike = (value: unknown, faults: FaultList): unknown =>
  new JsonLikeCopy(faults).copy(value, '')

class JsonLikeCopy {
  readonly #faults: FaultList
  /** The objects that enclose the one being copied, with their paths. */
  readonly #enclosing = new Map<object, string>()

  constructor(faults: FaultList) {
    this.#faults = faults
  }

  copy(value: unknown, path: string): unknown {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number') return Number.isFinite(value) ? value : this.#refuse(value, path)
    if (typeof value === 'object') return this.#copyObject(value, path)
    return this.#refuse(value, path)
  }

  #copyObject(value: object, path: string): unknown {
    const enclosing = this.#enclosing.get(value)
    if (enclosing !== undefined) return this.#refuseCycle(enclosing, path)
    if (this.#enclosing.size >= depthMax) return this.#refuseDepth(path)
    if (!Array.isArray(value) && !isPlain(value)) return this.#refuse(value, path)
    this.#enclosing.set(value, path)
    try {
      return Array.isArray(value)
        ? Array.from(value, (item, index) => this.copy(item, join(path, index)))
        : this.#copyProperties(value, path)
    } finally {
      this.#enclosing.delete(value)
    }
  }

  #copyProperties(value: object, path: string): unknown {
    for (const key of Object.getOwnPropertySymbols(value)) {
      this.#faults.add(`${path}[${String(key)}]`, value, {
        found: 'a symbol as a key',
        expected: 'text keys only',
        mend: 'remove it',
      })
    }
    const entries: [string, unknown][] = []
    for (const key of Object.keys(value)) {
      const item = this.#readProperty(value, key, join(path, key))
      const isMissing = item === undefined && neverLeftOut.includes(join(path, key))
      if (isMissing) entries.push([key, null])
      else if (item !== undefined) entries.push([key, this.copy(item, join(path, key))])
    }
    return Object.fromEntries(entries)
  }

  /** A getter is the user's code and may throw. */
  #readProperty(value: object, key: string, path: string): unknown {
    try {
      return (value as Record<string, unknown>)[key]
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#faults.add(path, value, {
        found: `a getter that throws (${why})`,
        expected: 'plain data',
        mend: 'write the value itself',
      })
      return null
    }
  }

  #refuse(value: unknown, path: string): null {
    this.#faults.add(path, value, {
      expected: 'plain data, as JSON holds it',
      mend: mendFor(value),
    })
    return null
  }

  #refuseCycle(enclosing: string, path: string): null {
    const start = enclosing === '' ? 'the config' : enclosing
    this.#faults.add(path, null, {
      found: `a cycle: ${start} → ${path} → ${start}`,
      expected: 'plain data, as JSON holds it',
      mend: 'write the inner value out',
    })
    return null
  }

  #refuseDepth(path: string): null {
    this.#faults.add(path, null, {
      found: `more than ${depthMax} levels of nesting`,
      expected: 'a config that is flat',
      mend: 'remove what is nested deeper',
    })
    return null
  }
}

/** Made by `{}`, by JSON, or with no prototype; also when it comes from another realm. */
const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

const mendFor = (value: unknown): string => {
  if (typeof value === 'function') return 'call it, or write its result'
  if (typeof value === 'bigint') return 'write it as a number or as a text'
  if (typeof value === 'number') return 'write a finite number'
  if (value instanceof Date) return 'write it as a text: date.toISOString()'
  if (value instanceof Map) return 'write an object: Object.fromEntries(map)'
  if (value instanceof Set) return 'write a list: [...set]'
  if (value instanceof Promise) return 'await it'
  return 'write plain data: texts, numbers, booleans, lists, objects'
}
