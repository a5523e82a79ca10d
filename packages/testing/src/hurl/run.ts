import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Exchange, parseHurl } from './parse.ts'
import { failureOf, lookUp } from './predicates.ts'

/** What a run of a suite did: every request is a status check; body checks are counted apart. */
export type HurlReport = {
  readonly files: number
  readonly requests: number
  readonly statusChecks: number
  readonly bodyChecks: number
  /** One sentence each: `file:line: METHOD url: what was expected, what was found`. */
  readonly failures: readonly string[]
}

export type HurlOptions = {
  /** Origin of the server, without a trailing slash. */
  readonly host: string
  /** A value that is unique to this run, for `{{uid}}`. */
  readonly uid: string
  /** How long one answer may take. Default 10,000. */
  readonly timeoutMs?: number
}

/**
 * Runs every `.hurl` file of a folder against a server, in order of name.
 *
 * @example
 * const report = await runHurl({ directory, host: 'http://127.0.0.1:8080', uid: 'a1' })
 * assert.deepEqual(report.failures, [])
 */
export async function runHurl(
  options: HurlOptions & { readonly directory: string },
): Promise<HurlReport> {
  const { directory } = options
  const names = (await readdir(directory)).filter((name) => name.endsWith('.hurl')).sort()
  if (names.length === 0) throw new Error(`no .hurl files in ${directory}`)
  const reports: HurlReport[] = []
  for (const name of names) {
    reports.push(await runHurlText(await readFile(join(directory, name), 'utf8'), name, options))
  }
  return reports.reduce(add)
}

/**
 * Runs one file's text. No answer, or nothing to capture, ends the file: nothing after it could mean
 * anything.
 */
export async function runHurlText(
  text: string,
  name: string,
  options: HurlOptions,
): Promise<HurlReport> {
  const variables = new Map<string, unknown>([
    ['host', options.host],
    ['uid', options.uid],
  ])
  const failures: string[] = []
  const report = { files: 1, requests: 0, statusChecks: 0, bodyChecks: 0, failures }
  for (const exchange of parseHurl(text, name)) {
    report.requests += 1
    report.statusChecks += 1
    report.bodyChecks += exchange.checks.length
    const found = await perform(exchange, name, variables, options.timeoutMs ?? 10_000)
    failures.push(...found.failures)
    if (found.fatal) break
  }
  return report
}

async function perform(
  exchange: Exchange,
  name: string,
  variables: Map<string, unknown>,
  timeoutMs: number,
) {
  const url = fill(exchange.url, variables)
  const failures: string[] = []
  const say = (line: number, what: string) =>
    failures.push(`${name}:${line}: ${exchange.method} ${url}: ${what}`)
  const answer = await request(exchange, url, variables, timeoutMs).catch(reasonOf)
  if (typeof answer === 'string') {
    say(exchange.line, `expected an answer, found none: ${answer}`)
    return { failures, fatal: true }
  }
  if (answer.status !== exchange.status) {
    say(exchange.line, `expected status ${exchange.status}, found ${answer.status}: ${answer.text}`)
  }
  for (const capture of exchange.captures) {
    const found = lookUp(answer.json, capture.path)
    if (found.exists) variables.set(capture.name, found.value)
    else say(capture.line, `nothing to capture at ${capture.path}`)
    if (!found.exists) return { failures, fatal: true }
  }
  for (const check of exchange.checks) {
    const argument = check.argument === null ? null : argumentOf(check.argument, variables)
    const failure =
      answer.json === undefined
        ? `expected JSON, found ${answer.text}`
        : failureOf(check, answer.json, argument)
    if (failure !== null) say(check.line, failure)
  }
  return { failures, fatal: false }
}

/** Node's fetch says "fetch failed"; what failed is in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}

async function request(
  exchange: Exchange,
  url: string,
  variables: Map<string, unknown>,
  timeoutMs: number,
) {
  const headers = new Headers(
    exchange.headers.map(([key, value]): [string, string] => [key, fill(value, variables)]),
  )
  const body = exchange.body === null ? null : fill(exchange.body, variables)
  if (body !== null && !headers.has('content-type')) headers.set('content-type', 'application/json')
  const { method } = exchange
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, { method, headers, body, signal, redirect: 'manual' })
  const text = await response.text()
  return { status: response.status, text: text.slice(0, 500), json: parseJson(text) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fill(template: string, variables: Map<string, unknown>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) =>
    String(variableOf(name, variables)),
  )
}

/** A bare `{{name}}` keeps the variable's type; a quoted text is JSON with Hurl's escapes. */
function argumentOf(argument: string, variables: Map<string, unknown>): unknown {
  const bare = /^\{\{(\w+)\}\}$/.exec(argument)
  if (bare !== null) return variableOf(bare[1] as string, variables)
  return JSON.parse(fill(argument, variables))
}

function variableOf(name: string, variables: Map<string, unknown>): unknown {
  if (!variables.has(name)) throw new Error(`variable {{${name}}} has no value`)
  return variables.get(name)
}

function add(a: HurlReport, b: HurlReport): HurlReport {
  return {
    files: a.files + b.files,
    requests: a.requests + b.requests,
    statusChecks: a.statusChecks + b.statusChecks,
    bodyChecks: a.bodyChecks + b.bodyChecks,
    failures: [...a.failures, ...b.failures],
  }
}
