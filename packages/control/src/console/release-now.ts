import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BanyanError } from '@banyan/model'
import { errorOf } from '../api/report.ts'
import type { ErrorReport } from '../api/types.ts'
import { withCompileCache } from '../compile-cache.ts'

export type SnapshotJob = { readonly directory: string; readonly config: string }

export type SnapshotWord =
  | { readonly kind: 'progress'; readonly sentence: string }
  | { readonly kind: 'done'; readonly digest: string }
  | { readonly kind: 'failed'; readonly error: ErrorReport }

const program = fileURLToPath(
  new URL(`./snapshot-main${extname(import.meta.url)}`, import.meta.url),
)

/**
 * Takes a snapshot of the app as it is now, in a process of its own: copying an app would hold up what looks
 * after the nodes.
 */
export async function snapshotInProcess(
  job: SnapshotJob,
  onProgress: (sentence: string) => void,
): Promise<string> {
  const child = fork(program, [], {
    env: withCompileCache(process.env),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    child.send(job)
    return await digestFrom(child, onProgress)
  } finally {
    // Without its channel it ends by itself.
    if (child.connected) child.disconnect()
  }
}

async function digestFrom(
  child: ChildProcess,
  onProgress: (sentence: string) => void,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    child.on('message', (message) => {
      const word = message as SnapshotWord
      if (word.kind === 'progress') onProgress(word.sentence)
      if (word.kind === 'done') resolve(word.digest)
      if (word.kind === 'failed') reject(errorOf(word.error))
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(ended(signal ?? `code ${code}`)))
  })
}

function ended(how: string): BanyanError {
  return new BanyanError(
    'BANYAN_CONTROL_FAILED',
    `The process that takes a snapshot ended before it had one (${how}).`,
    { hint: 'Try "banyan release" in the folder of the app, which says more.' },
  )
}
