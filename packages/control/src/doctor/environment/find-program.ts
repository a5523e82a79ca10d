import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Program } from './programs.ts'

const run = promisify(execFile)

/** Servers are in sbin, which is not in everybody's PATH. */
const also = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/opt/homebrew/bin']

export type FoundProgram = { readonly path: string; readonly version: string | null }

/** Looks a program up in PATH, and asks for its version. Nothing else of it is run. */
export async function findProgram(
  { commands, versionWords }: Pick<Program, 'commands' | 'versionWords'>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<FoundProgram | null> {
  const folders = (environment.PATH ?? '').split(':').filter((part) => part.startsWith('/'))
  for (const command of commands) {
    for (const folder of [...folders, ...also]) {
      const path = join(folder, command)
      const there = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (there) return { path, version: await versionOf(path, versionWords) }
    }
  }
  return null
}

/** Some say it on standard error, and some fail with it. */
async function versionOf(path: string, words: readonly string[]): Promise<string | null> {
  const options = { timeout: 3_000, env: { PATH: process.env.PATH, HOME: '/nonexistent' } }
  const said = await run(path, words, options).catch(
    (error: { stdout?: string; stderr?: string }) => error,
  )
  return /\d+\.\d+(\.\d+)*/.exec(`${said.stdout ?? ''}\n${said.stderr ?? ''}`)?.[0] ?? null
}

/** By the first two numbers. */
export function isOlder(version: string, than: string): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number)
  const [c = 0, d = 0] = than.split('.').map(Number)
  return a < c || (a === c && b < d)
}

/** The command that installs it here. */
export function installCommandOf(program: Program, platform: NodeJS.Platform): string | null {
  if (platform === 'darwin' && program.homebrew !== null) return `brew install ${program.homebrew}`
  if (platform === 'linux' && program.debian !== null) return `apt-get install ${program.debian}`
  return program.elsewhere ?? null
}
