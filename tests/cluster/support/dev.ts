import type { Running, TestApp } from './banyan.ts'

/** What `dev --json` says of a change. */
export type ChangeEvent = {
  readonly outcome: 'begun' | 'done' | 'failed'
  readonly sentence: string
  readonly nodes: readonly string[]
  readonly files: readonly { readonly path: string; readonly how: string }[]
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null
}

/** A `banyan dev` that runs, and what it has said so far. */
export type Dev = Running & {
  /** The changes that have come to an end. */
  changes(): ChangeEvent[]
  /** Waits for the next change to come to an end; `edit` is what causes it. */
  after(edit: () => Promise<void>): Promise<ChangeEvent>
}

/** Starts `dev` and returns when it watches the files. */
export async function startDev(app: TestApp, ...words: string[]): Promise<Dev> {
  const running = app.start('dev', '--json', '--port', String(app.port), ...words)
  const changes = () =>
    running
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.includes('"type":"change"'))
      .map((line) => JSON.parse(line) as ChangeEvent)
      .filter(({ outcome }) => outcome !== 'begun')
  const after = async (edit: () => Promise<void>) => {
    const before = changes().length
    await edit()
    const ended = /"type":"change"[^\n]*"outcome":"(?:done|failed)"[^\n]*\n/g
    // The n-th end of a change, and its whole line.
    await running.until(new RegExp(`^(?:[\\s\\S]*?${ended.source}){${before + 1}}`))
    return changes()[before] as ChangeEvent
  }
  await running.until(/"type":"watching"/)
  return { ...running, changes, after }
}
