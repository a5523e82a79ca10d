import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { BanyanError } from '@banyan/model'

const run = promisify(execFile)

/** The user that PostgreSQL runs under, when it is not the user that runs Banyan. */
export type Account = { readonly name: string; readonly uid: number; readonly gid: number }

/**
 * PostgreSQL refuses to run as root. So root runs it under `BANYAN_POSTGRES_USER`, else under
 * `postgres`, which a distribution's package makes, else under `nobody`, which every machine has.
 * Null for anybody but root: then it runs as is.
 */
export async function accountForPostgres(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const named = environment.BANYAN_POSTGRES_USER
  const candidates = named ? [named] : ['postgres', 'nobody']
  const account = await accountNamed(candidates)
  if (account !== null) return account
  throw new BanyanError(
    'BANYAN_POSTGRES_USER_INVALID',
    `PostgreSQL does not run as root, and there is no unprivileged user ${candidates.map((name) => `"${name}"`).join(' or ')} on this machine.`,
    { hint: 'Set BANYAN_POSTGRES_USER to the name of an existing unprivileged user.' },
  )
}

/** The first of these users that is there and is not root; null for anybody but root, and where there is none. */
export async function accountNamed(candidates: readonly string[]): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  for (const name of candidates) {
    const account = await findAccount(name)
    if (account !== null && account.uid !== 0) return account
  }
  return null
}

/**
 * The account of data that exists is its owner, whoever new data would belong to by now: the user
 * `postgres` may have come with a package in between.
 */
export async function accountOf(dataDirectory: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const { uid, gid } = await stat(dataDirectory)
  return uid === 0 ? await accountForPostgres() : { name: String(uid), uid, gid }
}

async function findAccount(name: string): Promise<Account | null> {
  const line = (await fromDirectoryService(name)) ?? (await fromFile(name))
  const [found, , uid, gid] = line?.split(':') ?? []
  if (found !== name || uid === undefined || gid === undefined) return null
  return { name, uid: Number(uid), gid: Number(gid) }
}

/** `getent` also knows the users of LDAP and the like; where it is missing, the file has to do. */
async function fromDirectoryService(name: string): Promise<string | null> {
  if (!/^[\w][\w.-]*$/.test(name)) return null
  try {
    return (await run('getent', ['passwd', name])).stdout.trim()
  } catch {
    return null
  }
}

async function fromFile(name: string): Promise<string | null> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n')
  return lines.find((line) => line.startsWith(`${name}:`)) ?? null
}

/** What `spawn` needs to run as the account. Node drops the supplementary groups along with it. */
export function identityOf(account: Account | null): { uid?: number; gid?: number } {
  return account === null ? {} : { uid: account.uid, gid: account.gid }
}

/** Whether the account can really enter a folder, found out by trying it as that user. */
export async function canEnter(account: Account | null, directory: string): Promise<boolean> {
  try {
    const options = { ...identityOf(account), cwd: '/' }
    await run('/bin/sh', ['-c', 'test -x "$1"', 'sh', directory], options)
    return true
  } catch {
    return false
  }
}
