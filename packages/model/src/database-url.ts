import { hasGap, memberUrls } from './database-hosts.ts'
import type { Complaint } from './faults.ts'
import { joinPlace } from './place.ts'

/** What the URL of a database says, without its password. */
export type DatabaseUrl = {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

const example =
  "write url: process.env.DATABASE_URL, a text like 'postgres://user:password@host/name'"

/** As libpq knows them; `no-verify` is node-postgres' own word for what libpq calls `require`. */
const sslModes = 'disable prefer require verify-ca verify-full no-verify'.split(' ')

/** Modes that node-postgres reads in another way than libpq, unless it is told. */
const modeOfLibpq = /^(?:prefer|require|verify-ca)$/

const files = ['sslrootcert', 'sslcert', 'sslkey']

/**
 * Reads the URL of a PostgreSQL server, as node-postgres would; of a list of hosts, the first.
 *
 * @example
 * parseDatabaseUrl('postgres://ann:secret@db.example/notes')
 * // { host: 'db.example', port: 5432, database: 'notes', user: 'ann' }
 * @throws TypeError when it is none; {@link checkDatabaseUrl} says what is wrong with it.
 */
export const parseDatabaseUrl = (text: string): DatabaseUrl => {
  const { hostname, port, pathname, username, searchParams } = read(text)
  const inQuery = (name: string): string => searchParams.get(name) ?? ''
  const host = inQuery('host') || decodeURIComponent(hostname).replace(/^\[(.+)\]$/, '$1')
  return {
    host,
    port: Number(inQuery('port') || port || 5432),
    database: decodeURIComponent(pathname.slice(1)),
    user: inQuery('user') || decodeURIComponent(username),
  }
}

/** `user@/name?host=/run/postgresql` is a URL to libpq only; the folder is put where a host stands. */
const read = (list: string): URL => {
  const [text = list] = memberUrls(list)
  const socket = /[?&]host=([^&]+)/.exec(text)?.[1]
  if (socket === undefined || !text.includes('@/')) return new URL(text)
  const host = encodeURIComponent(decodeURIComponent(socket))
  const url = new URL(text.replace('@/', `@${host}/`))
  url.searchParams.delete('host')
  return url
}

/** What is wrong with the URL of a database, in words that never show its password. */
export const checkDatabaseUrl = (value: unknown): Complaint | null => {
  const expected = 'the URL of a PostgreSQL database'
  if (value === null || value === '')
    return { ...absent, found: value === '' ? 'an empty text' : 'nothing' }
  if (typeof value !== 'string') return { expected, mend: example }
  const found = `the text ${JSON.stringify(maskUrl(value))}`
  if (!/^postgres(ql)?:\/\//.test(value)) {
    return { found, expected: `${expected}: postgres://…`, mend: example }
  }
  const complaint = checkMembers(value)
  return complaint && { found, ...complaint }
}

const absent = {
  expected: 'the URL of the database that is to be adopted',
  mend: 'set DATABASE_URL in the environment, or in the file .env beside the config; or leave out url, and Banyan makes a database',
}

/** Of several servers each is looked at, and none may stand there twice. */
const checkMembers = (text: string): Complaint | null => {
  const urls = memberUrls(text)
  if (hasGap(text)) {
    return {
      expected: 'a host between all commas',
      mend: 'write postgres://user:password@a,b:5433/name',
    }
  }
  for (const url of urls) {
    const complaint = checkParts(url)
    if (complaint !== null) return complaint
  }
  const places = urls.map(parseDatabaseUrl).map(({ host, port }) => joinPlace(host, port))
  const twice = places.find((place, at) => places.indexOf(place) < at)
  if (twice === undefined) return null
  return { expected: `each server once; ${twice} stands twice`, mend: 'name it once' }
}

const checkParts = (text: string): Complaint | null => {
  let url: DatabaseUrl
  try {
    url = parseDatabaseUrl(text)
  } catch {
    return {
      expected: 'a URL that can be read',
      mend: 'write special letters of user and password as percent codes: encodeURIComponent("p@ss/word")',
    }
  }
  if (url.host === '')
    return { expected: 'a host', mend: 'write it after the @, or as ?host=/var/run/postgresql' }
  if (!Number.isInteger(url.port) || url.port < 1 || url.port > 65_535) {
    return { expected: 'a port from 1 to 65535', mend: 'correct it, or leave it out for 5432' }
  }
  if (url.database === '' || url.database.includes('/')) {
    return {
      expected: 'the name of a database',
      mend: 'write it after the host: postgres://host/name',
    }
  }
  return checkSsl(read(text).searchParams)
}

const checkSsl = (parameters: URLSearchParams): Complaint | null => {
  const mode = parameters.get('sslmode')
  if (mode !== null && !sslModes.includes(mode)) {
    return {
      expected: `sslmode ${sslModes.join(', ')}`,
      mend: 'take one of them; verify-full is the safest',
    }
  }
  if (mode !== 'verify-ca' || parameters.has('sslrootcert')) return null
  return {
    expected: 'sslrootcert beside sslmode=verify-ca',
    mend: 'add &sslrootcert=FILE, or take sslmode=verify-full',
  }
}

/**
 * The URL as Banyan itself connects with it: files of certificates as absolute paths, and `sslmode`
 * as libpq and every other client reads it. (To node-postgres `require` means `verify-full`, and it
 * announces to change that.) Of a list of hosts it is the URL of the first.
 *
 * @example connectionUrl('postgres://h/d?sslmode=require&sslrootcert=ca.pem', '/srv/notes', resolvePath)
 */
export const connectionUrl = (
  text: string,
  root: string,
  resolve: (root: string, path: string) => string,
): string => {
  const url = read(text)
  for (const name of files) {
    const path = url.searchParams.get(name)
    if (path !== null) url.searchParams.set(name, resolve(root, path))
  }
  const mode = url.searchParams.get('sslmode') ?? ''
  if (modeOfLibpq.test(mode) && !url.searchParams.has('uselibpqcompat')) {
    url.searchParams.set('uselibpqcompat', 'true')
  }
  return url.href
}

/**
 * The URL with one more setting for each session that begins, beside those that it has.
 *
 * @example withSessionSetting(url, 'default_transaction_read_only', 'on')
 */
export const withSessionSetting = (text: string, name: string, value: string): string => {
  const url = new URL(text)
  const before = url.searchParams.get('options')
  const added = `-c ${name}=${value}`
  url.searchParams.set('options', before === null ? added : `${before} ${added}`)
  return url.href
}

/** A text with the passwords of all URLs in it replaced by `***`. */
export const maskUrl = (text: string): string =>
  text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s]*@/gi, '$1:***@')
    .replace(/((?:^|[?&\s])(?:ssl)?password=)[^&\s]*/gi, '$1***')
