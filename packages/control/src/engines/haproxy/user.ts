import { readFileSync } from 'node:fs'

/** Whom a process becomes, group and all: HAProxy keeps the group of whoever starts it unless told. */
export type WorkerUser = { readonly name: string; readonly gid: number }

/** Whom HAProxy serves as where root starts it; null where whoever starts it is nobody special. */
export function workerUser(): WorkerUser | null {
  if (process.getuid?.() !== 0) return null
  const known = readFileSync('/etc/passwd', 'utf8')
  return userIn(known, 'haproxy') ?? userIn(known, 'nobody')
}

function userIn(known: string, name: string): WorkerUser | null {
  const line = known.split('\n').find((one) => one.startsWith(`${name}:`))
  return line === undefined ? null : { name, gid: Number(line.split(':')[3]) }
}
