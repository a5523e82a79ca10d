/** What stands in the place of a secret. */
export const masked = '•••'

/** Keys whose values are nobody's business, wherever they stand in a name: `dbPassword`, `x-api-key`. */
const secretKey =
  /passw(?:or)?d|passphrase|secret|token|authorization|cookie|credential|api[-_]?key|private[-_]?key|session[-_]?id|set-cookie/i

/** Those would be taken for secrets by their names, and say nothing. */
const harmless = /^(?:tokens?(?:used|count|max)?|metricstokens?count)$/i

const urlWithUser = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s/:@"']{0,256}):([^\s/@"']{1,512})@/gi
const bearer = /\b(bearer|basic)(\s+)[a-z0-9._~+/=-]{6,}/gi
const assigned =
  /((?:passw(?:or)?d|passphrase|secret|token|authorization|cookie|api[-_]?key)["']?\s{0,4}[=:]\s{0,4})(?:"[^"]{1,4096}"|'[^']{1,4096}'|(?!bearer\b|basic\b)[^\s"'&;,)}\]]{1,4096})/gi
/** As statements have it. */
const quotedPassword = /(\bpassword\s{1,4})'[^']{1,1024}'/gi
/** Three parts, each of base64url: a signed token of the web. */
const signedToken = /\beyJ[\w-]{8,2048}\.[\w-]{8,4096}\.[\w-]{8,2048}/g

export type Redactor = {
  text(text: string): string
  /** A copy in which secrets are masked, by key and by what stands in texts. */
  value(value: unknown): unknown
}

const secretLengthMin = 8
const depthMax = 12

/**
 * Masks what must be on no page: passwords in URLs, bearer tokens, values of keys that speak of secrets, and the
 * secrets that are known, wherever they stand. Whoever logs should not have written them; here they end.
 *
 * @example
 * redactor([]).text('postgres://app:hunter2@127.0.0.1/db') // 'postgres://app:•••@127.0.0.1/db'
 */
export function redactor(known: readonly string[]): Redactor {
  const secrets = known.filter((secret) => secret.length >= secretLengthMin)
  const text = (line: string): string => {
    let result = line
    for (const secret of secrets) result = result.replaceAll(secret, masked)
    return result
      .replace(urlWithUser, `$1$2:${masked}@`)
      .replace(bearer, `$1$2${masked}`)
      .replace(signedToken, masked)
      .replace(quotedPassword, `$1'${masked}'`)
      .replace(assigned, `$1${masked}`)
  }
  return { text, value: (value) => redactValue(value, text, 0) }
}

function redactValue(value: unknown, text: (line: string) => string, depth: number): unknown {
  if (typeof value === 'string') return text(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > depthMax) return masked
  if (Array.isArray(value)) return value.map((one) => redactValue(one, text, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      text(key),
      isSecret(key, one) ? masked : redactValue(one, text, depth + 1),
    ]),
  )
}

/** A number or a truth value behind such a key is a count or a setting. */
function isSecret(key: string, value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return false
  return secretKey.test(key) && !harmless.test(key)
}
