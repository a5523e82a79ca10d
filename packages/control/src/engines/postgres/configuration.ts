import { access, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { type FileOptions, replaceFile } from './replace-file.ts'
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
  /** False leaves out the syncs: only for clusters that are thrown away. Default true. */
  readonly durable?: boolean
}

export const settingsFile = 'banyan.conf'

/** What the role of the server asks for, which changes while it runs; it stands last, so that it wins. */
export const roleFile = 'banyan-role.conf'

/** Without a role file a server is a primary that nobody follows. */
export const includeRole = `\ninclude_if_exists = '${roleFile}'\n`

/** Names our file at the end of `postgresql.conf`, so that any `pg_ctl` starts the same server. */
export async function includeOurSettings(
  dataDirectory: string,
  owner: Account | null,
  durable = true,
): Promise<void> {
  const path = join(dataDirectory, 'postgresql.conf')
  const text = await readFile(path, 'utf8')
  await replaceFile(path, `${text}\ninclude = '${settingsFile}'\n`, { mode: 0o600, owner, durable })
}

/** Writes settings and access rules as this version of Banyan wants them. */
export async function writeConfiguration(
  dataDirectory: string,
  owner: Account | null,
  server: ServerSize & { readonly binaries: Binaries; readonly nodeDirectory: string },
): Promise<void> {
  const settings = settingsOf({
    ...server,
    major: server.binaries.major,
    clusterName: basename(server.nodeDirectory),
    platform: process.platform,
    libraries: await librariesOf(server.binaries),
  })
  const text = renderSettings([...settings, ...overrides(server.settings)]) + includeRole
  const options = { mode: 0o600, owner, durable: server.durable ?? true }
  await writeWhenChanged(join(dataDirectory, settingsFile), text, options)
  await writeWhenChanged(join(dataDirectory, 'pg_hba.conf'), renderAccess(), options)
}

/** PostgreSQL takes the last of several lines for one setting. */
function overrides(settings: Readonly<Record<string, string>> = {}): Setting[] {
  return Object.entries(settings).map(([name, value]) => ({ name, value, why: 'Asked for.' }))
}

/** A restart after a crash is faster without syncing what is there already. */
export async function writeWhenChanged(
  path: string,
  text: string,
  options: FileOptions,
): Promise<void> {
  const present = await readFile(path, 'utf8').catch(() => null)
  if (present !== text) await replaceFile(path, text, options)
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
