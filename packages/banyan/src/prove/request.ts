import { BanyanError, type ProofIsolation, type ProofRequest, type ProofStep } from '@banyan/model'

export type ProofKind = ProofRequest['kind']

/** The levels that a transaction may ask for. */
export const isolations: readonly ProofIsolation[] = [
  'read committed',
  'repeatable read',
  'serializable',
]

const keysMax = 1_000
const operationsMax = 64
const keyPattern = /^[A-Za-z0-9_:.-]{1,200}$/

/** Short prefixes would take the keys of other runs along. */
const prefixPattern = /^[A-Za-z0-9_:.-]{3,200}$/

type Fields = Readonly<Record<string, unknown>>

const parsers: { readonly [Kind in ProofKind]: (fields: Fields) => ProofRequest } = {
  transaction: ({ isolation, operations }) => ({
    kind: 'transaction',
    isolation: parseIsolation(isolation),
    operations: parseList('operations', operations, operationsMax, parseOperation),
  }),
  write: ({ key, value }) => ({ kind: 'write', key: parseKey(key), value: parseNumber(value) }),
  read: ({ key }) => ({ kind: 'read', key: parseKey(key) }),
  add: ({ key, value }) => ({ kind: 'add', key: parseKey(key), value: parseNumber(value) }),
  elements: ({ key }) => ({ kind: 'elements', key: parseKey(key) }),
  transfer: ({ from, to, amount }) => {
    const transfer = { from: parseKey(from), to: parseKey(to), amount: parseNumber(amount, 1) }
    if (transfer.from === transfer.to) throw invalid('A transfer needs two different accounts.')
    return { kind: 'transfer', ...transfer }
  },
  balances: ({ keys }) => ({ kind: 'balances', keys: parseList('keys', keys, keysMax, parseKey) }),
  open: ({ keys, balance }) => ({
    kind: 'open',
    keys: parseList('keys', keys, keysMax, parseKey),
    balance: parseNumber(balance, 0),
  }),
  clear: ({ prefix }) => ({ kind: 'clear', prefix: parsePrefix(prefix) }),
}

/** Makes a request of a body, or throws `BANYAN_PROVE_REQUEST_INVALID` with what is wrong in it. */
export function parseProofRequest(text: string): ProofRequest {
  const fields = parseObject(text)
  const { kind } = fields
  if (typeof kind !== 'string' || !Object.hasOwn(parsers, kind)) {
    throw invalid(`The kind is ${show(kind)}; known are ${Object.keys(parsers).join(', ')}.`)
  }
  return parsers[kind as ProofKind](fields)
}

function parseObject(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // Said below, as for any other body that is not an object.
  }
  throw invalid('The body is not a JSON object.')
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parseKey(value: unknown): string {
  if (typeof value === 'string' && keyPattern.test(value)) return value
  throw invalid(`A key is 1 to 200 letters, digits and _ : . -, found ${show(value)}.`)
}

function parsePrefix(value: unknown): string {
  if (typeof value === 'string' && prefixPattern.test(value)) return value
  throw invalid(`A prefix is 3 to 200 letters, digits and _ : . -, found ${show(value)}.`)
}

function parseNumber(value: unknown, min = Number.MIN_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && Number(value) >= min) return Number(value)
  const from = min === Number.MIN_SAFE_INTEGER ? '' : ` from ${min} on`
  throw invalid(`A whole number${from} was expected, found ${show(value)}.`)
}

function parseIsolation(value: unknown): ProofIsolation {
  const level = isolations.find((known) => known === value)
  if (level !== undefined) return level
  throw invalid(`The isolation is ${show(value)}; known are ${isolations.join(', ')}.`)
}

function parseOperation(value: unknown): ProofStep {
  if (isObject(value)) {
    const { append, read } = value
    if (Array.isArray(append) && append.length === 2 && read === undefined) {
      return { append: [parseKey(append[0]), parseNumber(append[1])] }
    }
    if (append === undefined && read !== undefined) return { read: parseKey(read) }
  }
  throw invalid(`An operation is {"append":[key,value]} or {"read":key}, found ${show(value)}.`)
}

function parseList<Item>(
  name: string,
  value: unknown,
  max: number,
  parse: (item: unknown) => Item,
): Item[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > max) {
    throw invalid(`"${name}" is a list of 1 to ${max}.`)
  }
  return value.map(parse)
}

const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 100)

const invalid = (message: string): BanyanError =>
  new BanyanError('BANYAN_PROVE_REQUEST_INVALID', message, {
    hint: 'The protocol of /-/prove is in docs/reference/prove-protocol.md.',
  })
