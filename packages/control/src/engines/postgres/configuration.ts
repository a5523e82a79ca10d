import { access, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { replaceFile } from './node-file.ts'
import { renderAccess, renderSettings, type Setting, settingsOf } from './settings.ts'

/** What the settings of a server follow from. */
export type ServerSize = {
  readonly address: string
  readonly port: number
  /** Memory that the server may count on, in megabytes. */
  readonly memoryMb: number
  readonly cpus: number
  /** Settings that win over ours; for tests and measurements. */
  readonly settings?: Readonly<Record<string, string>>
}

const settingsFile = 'banyan.conf'

/** Names our file at the end of `postgresql.conf`, so that any `pg_ctl` starts the same server. */
export async function includeOurSettings(
  dataDirectory: string,
  account: Account | null,
): Promise<void> {
  const path = join(dataDirectory, 'postgresql.conf')
  const text = await readFile(path, 'utf8')
  await replaceFile(path, `${text}\ninclude = '${settingsFile}'\n`, 0o600, account)
}

/** Writes settings and access rules as this version of Banyan wants them. */
export async function writeConfiguration(
  dataDirectory: string,
  account: Account | null,
  server: ServerSize & { readonly binaries: Binaries; readonly nodeDirectory: string },
): Promise<void> {
  const settings = settingsOf({
    ...server,
    major: server.binaries.major,
    clusterName: basename(server.nodeDirectory),
    platform: process.platform,
    libraries: await librariesOf(server.binaries),
  })
  const text = renderSettings([...settings, ...overrides(server.settings)])
  await writeWhenChanged(join(dataDirectory, settingsFile), text, account)
  await writeWhenChanged(join(dataDirectory, 'pg_hba.conf'), renderAccess(), account)
}

/** PostgreSQL takes the last of several lines for one setting. */
function overrides(settings: Readonly<Record<string, string>> = {}): Setting[] {
  return Object.entries(settings).map(([name, value]) => ({ name, value, why: 'Asked for.' }))
}

/** A restart after a crash is faster without syncing what is there already. */
async function writeWhenChanged(path: string, text: string, account: Account | null) {
  const present = await readFile(path, 'utf8').catch(() => null)
  if (present !== text) await replaceFile(path, text, 0o600, account)
}

/** A library that is named but missing keeps a server from starting, so we look first. */
async function librariesOf({ binDirectory }: Binaries): Promise<string[]> {
  const prefix = dirname(binDirectory)
  const folders = [join(prefix, 'lib', 'postgresql'), join(prefix, 'lib')]
  const paths = folders.flatMap((folder) =>
    ['so', 'dylib'].map((suffix) => join(folder, `pg_stat_statements.${suffix}`)),
  )
  const found = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true) ? ['pg_stat_statements'] : []
}
