import { BanyanError } from '@banyan/model'
import type { RequestContext } from '../log.ts'

/** SQL text and its parameters. */
export type Compiled = {
  readonly text: string
  readonly values: readonly unknown[]
  /** Whose it is, where the code that sends it may be another's. Absent: whoever runs. */
  readonly context?: RequestContext | undefined
}

/** PostgreSQL counts the parameters of a statement in 16 bits. */
const parametersMax = 65_535

const brand = Symbol.for('banyan.sql')

/** A piece of SQL with its values, made by {@link sql}, to be set into a statement. */
export class SqlFragment {
  readonly [brand] = true
  readonly strings: readonly string[]
  readonly values: readonly unknown[]

  constructor(strings: readonly string[], values: readonly unknown[]) {
    this.strings = strings
    this.values = values
  }
}

const isFragment = (value: unknown): value is SqlFragment =>
  typeof value === 'object' && value !== null && brand in value

const texts = new WeakMap<TemplateStringsArray, string>()

/**
 * Turns a template into text and parameters. A template without fragments always has the same text,
 * which is made once.
 */
export function compile(strings: TemplateStringsArray | SqlFragment, values: unknown[]): Compiled {
  if (isFragment(strings)) return render(strings)
  if (!isTemplate(strings)) throw notATemplate(strings)
  let plain = true
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at]
    if (typeof value === 'string' || typeof value === 'number' || value === null) continue
    if (isFragment(value)) plain = false
    else check(value, strings, at)
  }
  if (!plain) return render(new SqlFragment(strings, values))
  let text = texts.get(strings)
  if (text === undefined) {
    text = number(strings)
    texts.set(strings, text)
  }
  return { text, values }
}

function number(strings: readonly string[]): string {
  checkCount(strings.length - 1)
  let text = strings[0] ?? ''
  for (let at = 1; at < strings.length; at += 1) text += `$${at}${strings[at]}`
  return text
}

/** Sets nested fragments in, numbering the parameters through. */
function render(fragment: SqlFragment): Compiled {
  const values: unknown[] = []
  const text = append(fragment, values)
  checkCount(values.length)
  return { text, values }
}

function append(fragment: SqlFragment, into: unknown[]): string {
  const { strings, values } = fragment
  let text = strings[0] ?? ''
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at]
    if (isFragment(value)) text += append(value, into)
    else {
      check(value, strings, at)
      into.push(value)
      text += `$${into.length}`
    }
    text += strings[at + 1]
  }
  return text
}

function checkCount(count: number): void {
  if (count <= parametersMax) return
  throw new BanyanError(
    'BANYAN_SQL_INVALID',
    `A statement has ${count} parameters; PostgreSQL takes at most ${parametersMax}.`,
    { hint: 'Pass one array, and compare with `= any(…)` or insert from `unnest(…)`.' },
  )
}

/** Values that node-postgres would turn into something that nobody meant. */
function check(value: unknown, strings: readonly string[], at: number): void {
  const fault = faultOf(value)
  if (fault === null) return
  const before = (strings[at] ?? '').trim().split(/\s+/).slice(-4).join(' ')
  throw new BanyanError(
    'BANYAN_SQL_INVALID',
    `Value ${at + 1} of a statement, after "${before}", is ${fault.found}.`,
    { hint: fault.hint, details: { value: at + 1, found: fault.found } },
  )
}

function faultOf(value: unknown): { found: string; hint: string } | null {
  if (value === undefined) {
    return { found: 'undefined', hint: 'Write null where NULL is meant.' }
  }
  if (value instanceof Promise) {
    return { found: 'a promise', hint: 'Await it before setting it in.' }
  }
  if (typeof value === 'function' || typeof value === 'symbol') {
    return {
      found: `a ${typeof value}`,
      hint: 'Values, and fragments made with sql`…`, can be set in.',
    }
  }
  return null
}

const isTemplate = (value: unknown): value is TemplateStringsArray =>
  Array.isArray(value) && Array.isArray((value as { raw?: unknown }).raw)

function notATemplate(found: unknown): BanyanError {
  return new BanyanError(
    'BANYAN_SQL_INVALID',
    `A statement is written as a template, not given as ${typeof found === 'string' ? 'a text' : typeof found}.`,
    {
      hint: 'Write the backticks right behind the name: read`select …`. Values set in become parameters.',
    },
  )
}

function fragment(strings: TemplateStringsArray, ...values: unknown[]): SqlFragment {
  if (!isTemplate(strings)) throw notATemplate(strings)
  for (let at = 0; at < values.length; at += 1) {
    if (!isFragment(values[at])) check(values[at], strings, at)
  }
  return new SqlFragment(strings, values)
}

function identifier(...names: string[]): SqlFragment {
  if (names.length === 0) throw badIdentifier('nothing')
  return new SqlFragment([names.map(quote).join('.')], [])
}

function quote(name: string): string {
  if (typeof name !== 'string') throw badIdentifier(`a ${typeof name}`)
  if (name === '' || name.includes('\0')) throw badIdentifier(JSON.stringify(name))
  return `"${name.replaceAll('"', '""')}"`
}

const badIdentifier = (found: string): BanyanError =>
  new BanyanError('BANYAN_SQL_INVALID', `An identifier was expected, found ${found}.`, {
    hint: "Pass one or more names: sql.identifier('public', 'users').",
  })

const comma = new SqlFragment([', '], [])

function join(parts: readonly unknown[], separator: SqlFragment = comma): SqlFragment {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw new BanyanError('BANYAN_SQL_INVALID', 'There is nothing to join.', {
      hint: 'An empty list has no SQL: leave the statement out, or compare with `= any(…)`.',
    })
  }
  const strings = ['']
  const values: unknown[] = []
  for (const [at, part] of parts.entries()) {
    if (at > 0) {
      values.push(separator)
      strings.push('')
    }
    values.push(part)
    strings.push('')
  }
  return new SqlFragment(strings, values)
}

/**
 * Makes a piece of SQL to be set into a statement, so that statements can be put together without
 * text ever being pasted.
 *
 * - `` sql`…${value}…` ``: values become parameters, fragments become SQL.
 * - `sql.identifier('schema', 'name')`: a quoted name.
 * - `sql.join(parts, separator?)`: values and fragments with `, ` (or a fragment) in between.
 *
 * @example
 * const newest = sql`order by created_at desc limit ${20}`
 * const column = sql.identifier('body')
 * await data.of(user).read`select ${column} from notes where user_id = ${user} ${newest}`
 */
export const sql = Object.assign(fragment, { identifier, join })
