import { BanyanError } from '@banyan/model'
import { checkIdempotencyKey } from './idempotency.ts'
import type { Consistency, IsolationLevel, TransactionOptions } from './types.ts'

/** Checks of what an app passes besides keys and SQL. TypeScript users never see them. */

const levels = ['strong', 'session', 'eventual']
const isolations = ['read committed', 'repeatable read', 'serializable'] satisfies IsolationLevel[]

export function checkConsistency(value: unknown): Consistency {
  if (value === undefined) return 'strong'
  if (typeof value === 'string' && levels.includes(value)) return value as Consistency
  if (isSnapshot(value)) return value
  throw new BanyanError(
    'BANYAN_CONSISTENCY_INVALID',
    `A consistency level was expected, found ${JSON.stringify(value) ?? String(value)}.`,
    { hint: "It is 'strong' (the default), 'session', 'eventual' or { snapshot: true }." },
  )
}

const isSnapshot = (value: unknown): value is { snapshot: true } =>
  typeof value === 'object' &&
  value !== null &&
  (value as { snapshot?: unknown }).snapshot === true &&
  Object.keys(value).length === 1

export function checkTransactionOptions(options: TransactionOptions): TransactionOptions {
  checkNames(options, ['isolation', 'retry', 'idempotencyKey'])
  const { isolation, retry, idempotencyKey } = options
  checkIdempotencyKey(idempotencyKey)
  if (isolation !== undefined && !isolations.includes(isolation)) {
    throw invalid(`isolation ${JSON.stringify(isolation)}`, `Known are: ${isolations.join(', ')}.`)
  }
  if (retry !== undefined && typeof retry !== 'boolean') {
    throw invalid(`retry ${JSON.stringify(retry)}`, 'It is true or false.')
  }
  return options
}

/** An option whose name is misspelt would be ignored without a word. */
export function checkNames(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw invalid(
      `options of type ${options === null ? 'null' : typeof options}`,
      'Pass an object.',
    )
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw invalid(`the option "${name}"`, `Known are: ${known.join(', ')}.`)
  }
}

export function checkFunction(value: unknown, what: string): void {
  if (typeof value === 'function') return
  throw invalid(`${typeof value} as ${what}`, `Pass a function as ${what}.`)
}

const invalid = (found: string, hint: string): BanyanError =>
  new BanyanError('BANYAN_OPTION_INVALID', `A data call was given ${found}.`, { hint })
