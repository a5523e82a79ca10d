// What a server got, read as the strictest of servers would. Not a test.
import assert from 'node:assert/strict'

export type StrictRequest = {
  readonly line: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

/**
 * Reads bytes as requests, one after the other, to the last byte; fails on whatever two servers could read
 * in two ways: framing that is said twice, bare line ends, folded lines, control characters.
 */
export function readStrictly(bytes: string): StrictRequest[] {
  const requests: StrictRequest[] = []
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at)
    assert.ok(end >= 0, 'a head is complete')
    const [line = '', ...lines] = bytes.slice(at, end).split('\r\n')
    assert.match(line, /^[A-Z]+ [!-~]+ HTTP\/1\.[01]$/)
    const headers = lines.map(readHeader)
    const { body, next } = readBody(bytes, end + 4, headers)
    requests.push({ line, headers, body })
    at = next
  }
  return requests
}

const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): (.*)$/s
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
const control = /[\0-\x08\x0a-\x1f\x7f]/

function readHeader(line: string): readonly [string, string] {
  const [, name, value] = headerLine.exec(line) ?? []
  assert.ok(name !== undefined && value !== undefined, `a header: ${JSON.stringify(line)}`)
  assert.doesNotMatch(value, control)
  return [name.toLowerCase(), value]
}

function readBody(
  bytes: string,
  from: number,
  headers: readonly (readonly [string, string])[],
): { readonly body: string; readonly next: number } {
  const all = (wanted: string) => headers.filter(([name]) => name === wanted)
  assert.equal(all('host').length, 1, 'there is one host')
  const lengths = all('content-length')
  const encodings = all('transfer-encoding')
  assert.ok(lengths.length + encodings.length <= 1, 'the body is framed in one way')
  if (encodings.length === 1) {
    assert.equal(encodings[0]?.[1].toLowerCase(), 'chunked')
    return readChunks(bytes, from)
  }
  const length = Number(lengths[0]?.[1] ?? 0)
  assert.ok(Number.isSafeInteger(length) && bytes.length >= from + length, 'the body is complete')
  return { body: bytes.slice(from, from + length), next: from + length }
}

function readChunks(bytes: string, from: number): { readonly body: string; readonly next: number } {
  let body = ''
  let at = from
  for (;;) {
    const [head, size = ''] = /^([0-9A-Fa-f]{1,8})\r\n/.exec(bytes.slice(at, at + 20)) ?? []
    assert.ok(head !== undefined, 'a chunk has a size and nothing else')
    const length = Number.parseInt(size, 16)
    at += head.length
    if (length === 0) break
    body += bytes.slice(at, at + length)
    assert.equal(bytes.slice(at + length, at + length + 2), '\r\n', 'a chunk ends where it says')
    at += length + 2
  }
  const [trailers] =
    /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n]*\r\n)*\r\n/.exec(bytes.slice(at)) ?? []
  assert.ok(trailers !== undefined, 'the body is complete')
  return { body, next: at + trailers.length }
}
