/**
 * Reads the part of the Hurl format (https://hurl.dev/docs/grammar.html) that API suites use:
 * requests with headers and a JSON body, `HTTP status`, `[Captures]` and `[Asserts]` with `jsonpath`.
 * Whatever else a file contains is an error: a check that is passed over would be a check that
 * cannot fail.
 */

/** One line of `[Asserts]`: a path, an optional filter, a predicate and its argument. */
export type Check = {
  readonly line: number
  readonly path: string
  readonly count: boolean
  readonly negated: boolean
  readonly predicate: Predicate
  /** The text after the predicate, before `{{variables}}` are filled in; null where it takes none. */
  readonly argument: string | null
}

export const predicates = [
  '==',
  '!=',
  '>=',
  '<=',
  '>',
  '<',
  'contains',
  'matches',
  'startsWith',
  'endsWith',
  'exists',
  'isString',
  'isInteger',
  'isBoolean',
  'isList',
  'isEmpty',
  'isNumber',
  'isObject',
] as const

export type Predicate = (typeof predicates)[number]

export type Capture = { readonly line: number; readonly name: string; readonly path: string }

export type Exchange = {
  readonly line: number
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string | null
  readonly status: number
  readonly captures: readonly Capture[]
  readonly checks: readonly Check[]
}

type Draft = {
  line: number
  method: string
  url: string
  headers: [string, string][]
  body: string[]
  status: number | null
  captures: Capture[]
  checks: Check[]
}

const requestLine = /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\S+)$/
const statusLine = /^HTTP (\d{3})$/
const headerLine = /^([A-Za-z][A-Za-z-]*): (.*)$/
const captureLine = /^(\w+): jsonpath "(.+)"$/
const checkLine = /^jsonpath "((?:[^"\\]|\\.)+)" (.+)$/

/** Parses a file; throws with `name:line` on anything that it does not know. */
export function parseHurl(text: string, name: string): Exchange[] {
  const drafts: Draft[] = []
  let section: 'request' | 'body' | 'response' | 'captures' | 'asserts' = 'request'
  text.split('\n').forEach((raw, index) => {
    const line = index + 1
    const content = raw.trim()
    const draft = drafts.at(-1)
    const fail = () => new Error(`${name}:${line}: not understood: ${content}`)
    if (section !== 'body' && (content === '' || content.startsWith('#'))) return
    const request = section === 'body' ? null : requestLine.exec(content)
    if (request !== null) {
      drafts.push(draftOf(line, request[1] as string, request[2] as string))
      section = 'request'
      return
    }
    if (draft === undefined) throw fail()
    const status = statusLine.exec(content)
    if (status !== null && draft.status === null) {
      draft.status = Number(status[1])
      section = 'response'
    } else if (section === 'body') draft.body.push(raw)
    else if (section === 'request') section = readRequestLine(draft, content, raw, fail)
    else if (content === '[Captures]') section = 'captures'
    else if (content === '[Asserts]') section = 'asserts'
    else if (section === 'captures') draft.captures.push(parseCapture(content, line, fail))
    else if (section === 'asserts') draft.checks.push(parseCheck(content, line, fail))
    else throw fail()
  })
  return drafts.map((draft) => finish(draft, name))
}

function draftOf(line: number, method: string, url: string): Draft {
  return { line, method, url, headers: [], body: [], status: null, captures: [], checks: [] }
}

function readRequestLine(draft: Draft, content: string, raw: string, fail: () => Error) {
  const header = headerLine.exec(content)
  if (header !== null) {
    draft.headers.push([header[1] as string, header[2] as string])
    return 'request'
  }
  if (!content.startsWith('{') && !content.startsWith('[')) throw fail()
  draft.body.push(raw)
  return 'body'
}

function parseCapture(content: string, line: number, fail: () => Error): Capture {
  const found = captureLine.exec(content)
  if (found === null) throw fail()
  return { line, name: found[1] as string, path: found[2] as string }
}

function parseCheck(content: string, line: number, fail: () => Error): Check {
  const found = checkLine.exec(content)
  if (found === null) throw fail()
  let rest = (found[2] as string).trim()
  const take = (word: string) => {
    if (!rest.startsWith(`${word} `)) return false
    rest = rest.slice(word.length).trim()
    return true
  }
  const count = take('count')
  const negated = take('not')
  const [word = '', ...others] = rest.split(' ')
  const predicate = predicates.find((known) => known === word)
  const argument = others.length === 0 ? null : others.join(' ')
  const wantsArgument = predicate !== undefined && !/^(is[A-Z]|exists)/.test(predicate)
  if (predicate === undefined || wantsArgument !== (argument !== null)) throw fail()
  return { line, path: found[1] as string, count, negated, predicate, argument }
}

function finish(draft: Draft, name: string): Exchange {
  if (draft.status === null) throw new Error(`${name}:${draft.line}: no HTTP status follows`)
  const body = draft.body.join('\n').trim()
  return { ...draft, body: body === '' ? null : body, status: draft.status }
}
