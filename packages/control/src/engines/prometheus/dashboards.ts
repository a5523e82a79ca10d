import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeText } from '../../state/files.ts'
import { nodeDirectory, type StatePaths } from '../../state/paths.ts'

/** `scripts/generate-dashboards.ts` makes them. */
export const dashboardsFolder = fileURLToPath(new URL('./dashboards/', import.meta.url))

/** Puts the dashboards where a Grafana can be pointed at them. */
export async function writeDashboards(paths: StatePaths, node: string): Promise<void> {
  const folder = join(nodeDirectory(paths, node), 'dashboards')
  await mkdir(folder, { recursive: true })
  for (const name of await dashboardNames()) {
    await writeText(join(folder, name), await readFile(join(dashboardsFolder, name), 'utf8'))
  }
}

export async function dashboardNames(): Promise<string[]> {
  const names = await readdir(dashboardsFolder)
  return names.filter((name) => name.endsWith('.json')).sort()
}
