import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BanyanError, type KeyType, type Table } from '@banyan/model'
import { errorOf } from '../api/report.ts'
import type { ErrorReport } from '../api/types.ts'
import { withCompileCache } from '../compile-cache.ts'
import type { Phase } from '../migrations/migration.ts'
import type { Preflight } from '../migrations/preflight.ts'

/** What the process that migrates is told, over its channel and never as an argument. */
export type MigrationJob = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** Who may see what the other sessions do: it says who holds a lock. */
  readonly watcher: { readonly user: string; readonly password: string }
  readonly folder: string | null
  readonly tables: readonly Table[]
  /** What the release that still runs declares; null where none does. */
  readonly alongside: readonly Table[] | null
  readonly phase: Phase
  readonly serving: boolean
  /** Whether the policies of narrow mode are to be there afterwards. */
  readonly narrow: boolean
  /** Only says what would be done, and what stands against it. */
  readonly only?: 'preflight'
}

export type MigrationWord =
  | { readonly kind: 'progress'; readonly words: string }
  | {
      readonly kind: 'done'
      readonly keyType: KeyType | null
      /** What waits until nothing older runs. Absent: nothing does. */
      readonly contracts?: readonly string[]
      readonly preflight?: Preflight
    }
  | { readonly kind: 'failed'; readonly error: ErrorReport }

export type MigrationDone = Extract<MigrationWord, { kind: 'done' }>

const longestRollbackMs = 10_000

const program = fileURLToPath(new URL(`./apply-main${extname(import.meta.url)}`, import.meta.url))

/**
 * Applies migrations in a process of their own: the parser of SQL takes 40 MB that control would
 * otherwise keep for as long as it lives. A cancellation, and our end, roll back what runs.
 */
export async function applyInProcess(
  job: MigrationJob,
  signal: AbortSignal,
  onProgress: (words: string) => void,
): Promise<MigrationDone> {
  const child = fork(program, [], {
    env: withCompileCache(process.env),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // Without its channel it cancels and ends by itself.
  const cancel = () => {
    if (child.connected) child.disconnect()
  }
  signal.addEventListener('abort', cancel)
  try {
    child.send(job)
    return await lastWord(child, signal, onProgress)
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
    await untilExited(child)
  }
}

/** Nothing of ours may be left when a climb has ended, so its process is waited for, and not for ever. */
async function untilExited(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const timer = setTimeout(() => child.kill('SIGKILL'), longestRollbackMs)
  await once(child, 'exit')
  clearTimeout(timer)
}

async function lastWord(
  child: ChildProcess,
  signal: AbortSignal,
  onProgress: (words: string) => void,
): Promise<MigrationDone> {
  return await new Promise((resolve, reject) => {
    child.on('message', (word: MigrationWord) => {
      if (word.kind === 'progress') onProgress(word.words)
      else if (word.kind === 'done') resolve(word)
      else reject(errorOf(word.error))
    })
    child.once('error', reject)
    child.once('exit', (code, by) => reject(signal.aborted ? signal.reason : ended(by ?? code)))
  })
}

function ended(how: string | number | null): BanyanError {
  return new BanyanError('BANYAN_CONTROL_FAILED', `The process that migrates ended (${how}).`, {
    hint: 'Run "banyan up" again: applied migrations are not run twice. control.log may say more.',
  })
}
