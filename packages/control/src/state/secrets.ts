import { randomBytes } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { readJson, writeJson } from './files.ts'
import type { StatePaths } from './paths.ts'

/** Generated passwords; they stay in a file of mode 0600 and reach a process by a file or its environment. */
export type Secrets = {
  readonly adminPassword: string
  readonly ownerPassword: string
  readonly appPassword: string
  /** Of the role that services log in as in narrow mode. */
  readonly widePassword: string
  /** Of the role that replicas follow their primary with. */
  readonly replicatorPassword: string
  /** What a prover shows at `/-/prove`. */
  readonly proveToken: string
  /** What control shows at `/-/gateway` and `/-/control`. */
  readonly controlToken: string
  /** What the app's processes sign the positions of their clients' writes with. */
  readonly sessionSecret: string
  /** What `/-/metrics` asks for, on every process of the system. */
  readonly metricsToken: string
  /** What the store asks for: of those who query it, and of those who send it spans. */
  readonly storeToken: string
  /** What the console's cookies and one-time tokens are signed with. */
  readonly consoleSecret: string
}

const names = [
  'adminPassword',
  'ownerPassword',
  'appPassword',
  'widePassword',
  'replicatorPassword',
  'proveToken',
  'controlToken',
  'sessionSecret',
  'metricsToken',
  'storeToken',
  'consoleSecret',
] as const

/** Reads the secrets, and generates those that are not there yet. */
export async function ensureSecrets(paths: StatePaths): Promise<Secrets> {
  const known = await readSecrets(paths)
  const secrets = Object.fromEntries(names.map((name) => [name, known?.[name] ?? generate()]))
  if (names.some((name) => known?.[name] === undefined)) {
    await writeJson(paths.secrets, secrets, 0o600)
  }
  await chmod(paths.secrets, 0o600)
  return secrets as Secrets
}

export async function readSecrets(paths: StatePaths): Promise<Partial<Secrets> | null> {
  return await readJson<Partial<Secrets>>(paths.secrets)
}

function generate(): string {
  return randomBytes(24).toString('base64url')
}
