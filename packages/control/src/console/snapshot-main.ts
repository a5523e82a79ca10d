import { once } from 'node:events'
import { reportOf } from '../api/report.ts'
import { loadSystem } from '../config/load-system.ts'
import { takeSnapshot } from '../releases/snapshot/take.ts'
import { statePaths } from '../state/paths.ts'
import type { SnapshotJob, SnapshotWord } from './release-now.ts'

/* The process that takes a snapshot: one job from its parent, then its end. Without a parent it gives up. */

const leaving = new AbortController()
process.once('disconnect', () => leaving.abort())
const [job] = (await once(process, 'message')) as [SnapshotJob]

try {
  const { signal } = leaving
  const { directory, config } = job
  const system = await loadSystem(config, { signal })
  const onProgress = (sentence: string): void => tell({ kind: 'progress', sentence })
  const paths = statePaths(directory)
  const { digest } = await takeSnapshot({ paths, system, config, signal, onProgress })
  tell({ kind: 'done', digest })
} catch (error) {
  tell({ kind: 'failed', error: reportOf(error) })
}
if (process.connected) process.disconnect()

function tell(word: SnapshotWord): void {
  if (process.connected) process.send?.(word)
}
