import type { System } from '@banyan/model'
import type { ChangedFile, ChangeRequest } from '../api/types.ts'

/** Everything that has changed and is not taken over yet: a change that a newer one overtakes is part of it. */
export type Pending = {
  readonly files: readonly ChangedFile[]
  readonly migrate: boolean
  /** Null: all. */
  readonly services: readonly string[] | null
  readonly system: System | null
}

export const nothingPending: Pending = { files: [], migrate: false, services: [], system: null }

/** The newer change comes first: it is the one that people have just made. */
export function merge(pending: Pending, request: ChangeRequest): Pending {
  const { files, services } = pending
  const both =
    services === null || request.services === null ? null : [...services, ...request.services]
  const known = new Set(request.files.map(({ path }) => path))
  return {
    files: [...request.files, ...files.filter(({ path }) => !known.has(path))],
    migrate: pending.migrate || request.migrate,
    services: both === null ? null : [...new Set(both)],
    system: request.system ?? pending.system,
  }
}
