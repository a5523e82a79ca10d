import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { LogFile } from '../logs/log-file.ts'
import { logSchema, logSchemaVersion } from '../logs/log-schema.ts'
import { metricSchema, metricSchemaVersion } from '../metrics/metric-file.ts'
import { KeptFile } from '../sqlite/kept-file.ts'
import type { StoreFile } from '../store-file.ts'
import { traceSchema, traceSchemaVersion } from '../traces/trace-schema.ts'

/** A folder that is gone when the test is over. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-store-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const schemas = {
  metrics: [metricSchema, metricSchemaVersion],
  logs: [logSchema, logSchemaVersion],
  traces: [traceSchema, traceSchemaVersion],
} as const

/** One of the store's files, in a folder. */
export function keptFile(
  t: TestContext,
  folder: string,
  name: keyof typeof schemas,
  pagesMax?: number,
): KeptFile {
  const [schema, version] = schemas[name]
  const path = join(folder, `${name}.db`)
  const file = new KeptFile({
    path,
    schema,
    version,
    onSetAside: () => {},
    ...(pagesMax !== undefined && { pagesMax }),
  })
  t.after(() => file.close())
  return file
}

export const logFile = (t: TestContext): LogFile =>
  new LogFile(keptFile(t, temporaryFolder(t), 'logs'))

/** What a store is told whose system lies in a folder. */
export function storeFileIn(folder: string, more: Partial<StoreFile> = {}): StoreFile {
  mkdirSync(join(folder, 'logs'), { recursive: true })
  return {
    format: 1,
    directory: join(folder, 'store'),
    host: '127.0.0.1',
    port: 0,
    token: 'a-token-of-the-store',
    targetsFile: join(folder, 'targets.json'),
    metricsToken: 'a-token-of-targets',
    logs: join(folder, 'logs'),
    controlLog: join(folder, 'control.log'),
    holderLog: join(folder, 'holder.log'),
    telemetry: {
      enabled: true,
      traces: { share: 0.01, slowMs: 500 },
      export: null,
      business: [],
    },
    ...more,
  }
}

/** Waits until something is so; what it is stands in the error where it does not come. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`It never came: ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
