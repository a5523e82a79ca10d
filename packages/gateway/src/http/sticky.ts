import { stickyCookie } from '@banyan/model'

/** The server that a client's cookie names, or null. */
export function stickyNode(cookies: string | undefined, service: string): string | null {
  if (cookies === undefined) return null
  const name = `${stickyCookie(service)}=`
  for (const part of cookies.split(';')) {
    const pair = part.trim()
    if (pair.startsWith(name)) return pair.slice(name.length)
  }
  return null
}

/**
 * Has a client come back to a server. The answer is one client's from now on: a shared cache that kept it
 * would send everybody there.
 */
export function stick(headers: string[], service: string, node: string): void {
  headers.push('set-cookie', `${stickyCookie(service)}=${node}; Path=/; HttpOnly; SameSite=Lax`)
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() !== 'cache-control') continue
    if (/\b(?:private|no-store)\b/i.test(headers[at + 1] as string)) return
  }
  headers.push('cache-control', 'private')
}
