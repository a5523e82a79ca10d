/** What a request asks for: the path that goes on, and the host that an absolute target names. */
export type Target = { readonly path: string; readonly host: string | null }

const absolute = /^https?:\/\/([^/?#]*)([^#]*)$/i

/** A host name, an IPv4 or an IPv6 address in brackets, with or without a port. */
const hostForm = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/

export const isHost = (text: string): boolean => hostForm.test(text)

/**
 * Reads the target of a request line; null when it is none that can be passed on. Of an absolute one
 * the authority counts, whatever `Host` says (RFC 9112 §3.2.2).
 */
export function readTarget(url: string, method: string): Target | null {
  if (url.charCodeAt(0) === 0x2f) return url.includes('#') ? null : { path: url, host: null }
  if (url === '*') return method === 'OPTIONS' ? { path: '*', host: null } : null
  const [, host = '', rest = ''] = absolute.exec(url) ?? []
  if (!isHost(host)) return null
  if (rest === '' && method === 'OPTIONS') return { path: '*', host }
  return { path: rest.startsWith('/') ? rest : `/${rest}`, host }
}
