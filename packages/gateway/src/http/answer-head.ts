/** The head of a server's answer, read as strictly as a request's would be. */
export type AnswerHead = {
  readonly status: number
  /** Name, value, name, value…, without what belongs to the connection to the server. */
  readonly headers: string[]
  /** Bytes of the body, or how its end is found. */
  readonly framing: number | 'chunked' | 'close'
  /** Whether the connection may be used again afterwards. */
  readonly persistent: boolean
  /** How long the server keeps an idle connection, if it says so. */
  readonly keepAliveMs: number | null
  /** The protocol that a 101 changes to. */
  readonly upgrade: string | null
}

/** Why a head is none; the text is for the log. */
export class BadAnswer extends Error {}

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\0\r\n]*)?$/
const tokenName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
const badValue = /[\0-\x08\x0a-\x1f\x7f]/

/** What belongs to one connection and is never passed on. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Reads a head, without the empty line at its end. Throws {@link BadAnswer}. */
export function readAnswerHead(text: string, method: string): AnswerHead {
  let end = text.indexOf('\r\n')
  if (end < 0) end = text.length
  const first = statusLine.exec(text.slice(0, end))
  if (first === null) throw new BadAnswer('The status line is not one of HTTP/1.')
  const status = Number(first[2])
  let length: number | null = null
  let encoding: string | null = null
  let connection: string | null = null
  let keepAliveMs: number | null = null
  let upgrade: string | null = null
  const headers: string[] = []
  while (end < text.length) {
    const start = end + 2
    end = text.indexOf('\r\n', start)
    if (end < 0) end = text.length
    const colon = text.indexOf(':', start)
    if (colon < 0 || colon >= end) throw new BadAnswer('A header has no colon.')
    const name = text.slice(start, colon)
    if (!tokenName.test(name)) throw new BadAnswer('The name of a header is not a token.')
    const value = trim(text, colon + 1, end)
    if (badValue.test(value)) throw new BadAnswer('A header has control characters in it.')
    const lower = lowerOf(name)
    switch (lower) {
      case 'content-length': {
        const read = readLength(value)
        if (length !== null && length !== read)
          throw new BadAnswer('Two lengths contradict each other.')
        length = read
        continue
      }
      case 'transfer-encoding':
        encoding = encoding === null ? value : `${encoding},${value}`
        continue
      case 'connection':
        connection = connection === null ? value : `${connection},${value}`
        continue
      case 'keep-alive':
        keepAliveMs = readKeepAlive(value)
        continue
      case 'upgrade':
        upgrade = value
        continue
      default:
        if (!hopByHop.has(lower)) headers.push(name, value)
    }
  }
  const isOld = first[1] === '0'
  if (encoding !== null) {
    if (length !== null) throw new BadAnswer('There is a length beside a transfer encoding.')
    if (isOld || encoding.toLowerCase() !== 'chunked') {
      throw new BadAnswer('The transfer encoding is none that we know.')
    }
  }
  const tokens =
    connection === null
      ? null
      : connection
          .toLowerCase()
          .split(',')
          .map((one) => one.trim())
  if (tokens !== null) removeNamed(headers, tokens)
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304
  // A length is a fact about the resource for HEAD and 304; a 204 must not have one.
  if (length !== null && status !== 204 && status >= 200)
    headers.push('content-length', String(length))
  const framing = bodiless ? 0 : encoding !== null ? 'chunked' : (length ?? 'close')
  return {
    status,
    headers,
    framing,
    persistent:
      framing !== 'close' &&
      (tokens === null
        ? !isOld
        : !tokens.includes('close') && (!isOld || tokens.includes('keep-alive'))),
    keepAliveMs,
    upgrade,
  }
}

const lowered = new Map<string, string>()

/** The same few names come again and again; looking one up is cheaper than making it anew. */
function lowerOf(name: string): string {
  const known = lowered.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  if (lowered.size < 1_000) lowered.set(name, lower)
  return lower
}

function trim(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

function readLength(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new BadAnswer('The length is not a number.')
  return Number(value)
}

function readKeepAlive(value: string): number | null {
  const seconds = /(?:^|[\s,;])timeout=(\d{1,6})/i.exec(value)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1_000
}

function removeNamed(headers: string[], tokens: readonly string[]): void {
  const named = tokens.filter((one) => one !== 'close' && one !== 'keep-alive' && one !== '')
  if (named.length === 0) return
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    if (named.includes((headers[at] as string).toLowerCase())) headers.splice(at, 2)
  }
}
