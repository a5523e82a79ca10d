import type { RuntimeMember } from '@banyan/model'

/** Members come and go; more places than this nobody has seen in the life of one process. */
const namesMax = 1_000

/** By `host:port`, of all systems of this process. */
const names = new Map<string, string>()

/** Whoever learns of members says so, for whoever has to call one by its name. */
export function noteMembers(members: readonly RuntimeMember[]): void {
  for (const { name, host, port } of members) {
    if (names.size >= namesMax) names.clear()
    names.set(`${host}:${port}`, name)
  }
}

/** The name of the node at a place; the place itself where none is known there, as behind a pooler. */
export const memberNameAt = (host: string, port: number): string =>
  names.get(`${host}:${port}`) ?? `${host}:${port}`
