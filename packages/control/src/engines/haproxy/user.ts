import { readFileSync } from 'node:fs'

/** Whom HAProxy serves as where root starts it; null where whoever starts it is nobody special. */
export function workerUser(): string | null {
  if (process.getuid?.() !== 0) return null
  const known = readFileSync('/etc/passwd', 'utf8')
  return known.includes('\nhaproxy:') ? 'haproxy' : 'nobody'
}
