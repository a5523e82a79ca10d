import type { Lanes } from './lanes.ts'
import type { SuiteResult } from './result.ts'
import { type FileResult, runFile } from './run-file.ts'

export type FilesOptions = {
  readonly name: string
  readonly root: string
  readonly files: readonly string[]
  /** Files at once. */
  readonly concurrency: number
  /** What they share with the suites that run beside them. */
  readonly lanes: Lanes
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Called when a file has ended, with its path and time. */
  readonly onFile: (file: string, ms: number, ok: boolean) => void
}

/** Runs test files, each in a process of its own, a few at once, and adds up what they did. */
export async function runFiles(options: FilesOptions): Promise<SuiteResult> {
  const began = performance.now()
  const waiting = [...options.files]
  const results: FileResult[] = []
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await options.lanes.run(() => runNext(file, options))
      if (result === null) return
      results.push(result)
    }
  }
  await Promise.all(Array.from({ length: options.concurrency }, work))
  return {
    name: options.name,
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failures: results.flatMap(({ failures }) => failures),
    skips: results.flatMap(({ skips }) => skips),
    ms: performance.now() - began,
  }
}

/** Null once the run was interrupted. */
async function runNext(file: string, options: FilesOptions): Promise<FileResult | null> {
  if (options.signal.aborted) return null
  const result = await runFile(file, options)
  options.onFile(file, result.ms, result.failures.length === 0)
  return result
}
