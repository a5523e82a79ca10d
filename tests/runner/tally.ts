import type { TestEvent } from './reporter.ts'
import type { Failure, Skip } from './result.ts'

export type FileTally = {
  readonly passed: number
  readonly failures: readonly Failure[]
  readonly skips: readonly Skip[]
  /** Tests that began and did not end, the outermost first. */
  readonly unfinished: readonly string[]
}

/** Counts the tests of one file from its events, which come in the order of the file. */
export function tally(file: string, events: readonly TestEvent[]): FileTally {
  let passed = 0
  const failures: Failure[] = []
  const skips: Skip[] = []
  let around: string[] = []
  for (const event of events) {
    const path = [...around.slice(0, event.nesting), event.name]
    around = event.type === 'test:start' ? path : path.slice(0, -1)
    if (event.type === 'test:start' || event.kind === 'suite') continue
    const reason = event.skip ?? event.todo ?? false
    if (reason !== false) skips.push({ path: [file, ...path], reason: String(reason) })
    else if (event.type === 'test:pass') passed += 1
    // A test that failed only because one inside it did is not counted twice.
    else if (event.failureType !== 'subtestsFailed') {
      failures.push({ path: [file, ...path], text: event.error ?? 'failed' })
    }
  }
  return { passed, failures, skips, unfinished: around }
}
