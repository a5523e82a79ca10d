import { type Faults, invalid } from './problem.ts'

/** Bounds of one text field; lengths count characters as people see them in code points. */
export type TextRule = {
  readonly min?: number
  readonly max: number
  /** Refuses what does not match, with the words "is invalid". */
  readonly pattern?: RegExp
}

/** Whether a text can be kept: PostgreSQL has no U+0000, and UTF-8 no lone surrogates. */
export const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

/** What is wrong with a text, or null. */
export function textFault(value: unknown, rule: TextRule): string | null {
  if (typeof value !== 'string') return 'must be a string'
  if (!isStorable(value)) return 'contains characters that no text may have'
  if (value.trim() === '') return "can't be blank"
  return lengthFault(value, rule) ?? (rule.pattern?.test(value) === false ? 'is invalid' : null)
}

function lengthFault(value: string, { min = 0, max }: TextRule): string | null {
  // A string has at least half as many code points as code units, so that huge ones are not counted.
  const length = value.length > max * 2 ? Number.POSITIVE_INFINITY : [...value].length
  if (length > max) return `is too long (maximum is ${max} characters)`
  if (length < min) return `is too short (minimum is ${min} characters)`
  return null
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads the fields of a request body such as `{ user: { … } }` and gathers every fault in them. */
export class Fields {
  readonly #source: Record<string, unknown>
  readonly #faults: Faults = {}

  constructor(body: unknown, resource: string) {
    const source = isObject(body) ? body[resource] : undefined
    if (!isObject(source)) throw invalid({ [resource]: ['must be an object'] })
    this.#source = source
  }

  /** A text that must be there. */
  required(name: string, rule: TextRule): string {
    const value = this.#source[name]
    if (value === undefined || value === null) return this.#fail(name, "can't be blank")
    return this.#text(name, value, rule)
  }

  /** A text that may be absent, but not null. */
  optional(name: string, rule: TextRule): string | undefined {
    return this.#source[name] === undefined ? undefined : this.required(name, rule)
  }

  /** A text that may be absent, or null; an empty one counts as null. */
  nullable(name: string, rule: TextRule): string | null | undefined {
    const value = this.#source[name]
    if (value === undefined || value === null) return value
    return value === '' ? null : this.#text(name, value, rule)
  }

  /** A list of texts that may be absent, but not null. The first of equal ones counts. */
  list(name: string, rule: TextRule, countMax: number): string[] | undefined {
    const value = this.#source[name]
    if (value === undefined) return undefined
    if (!Array.isArray(value)) return [this.#fail(name, 'must be a list of strings')]
    if (value.length > countMax)
      return [this.#fail(name, `has too many entries (maximum is ${countMax})`)]
    return [...new Set(value.map((entry) => this.#text(name, entry, rule)))]
  }

  /** Whether one of the names was given at all. */
  hasAny(...names: string[]): boolean {
    return names.some((name) => this.#source[name] !== undefined)
  }

  /** Throws all the faults found so far. */
  check(): void {
    if (Object.keys(this.#faults).length > 0) throw invalid(this.#faults)
  }

  #text(name: string, value: unknown, rule: TextRule): string {
    const fault = textFault(value, rule)
    return fault === null ? (value as string) : this.#fail(name, fault)
  }

  #fail(name: string, fault: string): string {
    this.#faults[name] ??= []
    if (!this.#faults[name].includes(fault)) this.#faults[name].push(fault)
    return ''
  }
}
