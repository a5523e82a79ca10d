/**
 * A URL may name several servers, as libpq reads it ("Specifying Multiple Hosts" in the PostgreSQL
 * manual): members of one cluster that somebody else runs. Everybody else gets a URL with one host.
 */

type Parts = {
  readonly before: string
  readonly places: readonly string[]
  readonly after: string
}

/** `scheme://user:password@`, what stands between, and the rest. */
const shape = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/is

const split = (text: string): Parts | null => {
  const [, before, places, after] = shape.exec(text) ?? []
  if (before === undefined || places === undefined || after === undefined) return null
  return { before, places: places.split(','), after }
}

/**
 * The URL of each server that a URL names, in its order; of one host, the URL as it is.
 *
 * @example
 * memberUrls('postgres://ann:s@a,b:5433/shop')
 * // ['postgres://ann:s@a/shop', 'postgres://ann:s@b:5433/shop']
 */
export const memberUrls = (text: string): readonly string[] => {
  const parts = split(text)
  if (parts === null) return [text]
  if (parts.places.length > 1) {
    return parts.places.map((place) => `${parts.before}${place}${parts.after}`)
  }
  const inQuery = hostsInQuery(parts.after)
  return inQuery.length > 1 ? inQuery.map((query) => `${parts.before}${query}`) : [text]
}

/** `?host=a,b&port=1,2`: one port for all, or as many as there are hosts. */
const hostsInQuery = (after: string): readonly string[] => {
  const hosts = listOf(after, 'host')
  const ports = listOf(after, 'port')
  const isMatched = ports.length <= 1 || ports.length === hosts.length
  return hosts.map((host, at) => {
    // No port is better than one that belongs to another host: whoever checks the URL says so.
    const port = isMatched ? (ports[at] ?? ports[0] ?? '') : 'none'
    return replace(replace(after, 'host', host), 'port', port)
  })
}

const listOf = (after: string, name: string): readonly string[] => {
  const [, value = ''] = new RegExp(`[?&]${name}=([^&#]*)`).exec(after) ?? []
  return value === '' ? [] : value.replace(/%2c/gi, ',').split(',')
}

const replace = (after: string, name: string, value: string): string =>
  after.replace(new RegExp(`([?&]${name}=)[^&#]*`), (_, start: string) => `${start}${value}`)

/** Whether a list has a comma with no host before or after it. */
export const hasGap = (text: string): boolean => {
  const parts = split(text)
  if (parts === null) return false
  const listed = parts.places.length > 1 ? parts.places : listOf(parts.after, 'host')
  return listed.some((place) => place.replace(/:\d*$/, '') === '')
}

/**
 * The URL of one server, with another one's place: all the rest (user, TLS) is alike among members.
 *
 * @example withPlace('postgres://ann:s@a/shop?sslmode=require', { host: 'b', port: 5433 })
 * // 'postgres://ann:s@b:5433/shop?sslmode=require'
 */
export const withPlace = (
  text: string,
  { host, port }: { readonly host: string; readonly port: number },
): string => {
  const parts = split(text)
  if (parts === null) return text
  const name = host.includes(':') ? `[${host}]` : encodeURIComponent(host)
  return `${parts.before}${name}:${port}${withoutPlace(parts.after)}`
}

/** A host in the query would win over the one that stands where hosts stand. */
const withoutPlace = (after: string): string => {
  const [path = '', query = ''] = after.split('?', 2)
  const kept = query.split('&').filter((part) => part !== '' && !/^(?:host|port)=/.test(part))
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`
}
