import { createHash } from 'node:crypto'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { flushCompileCache, getCompileCacheDir } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { controlProgram } from './holder/spawn.ts'

/**
 * Strips the types of both programs here, where the means for it are loaded already, so that they
 * need not load them: they would stay in their memory, 30 MB each, for as long as they live. Done once
 * for sources as they are; Node keeps what came of it.
 */
export async function warmCache(): Promise<void> {
  if (!controlProgram.endsWith('.ts')) return
  const stamp = stampOf(getCompileCacheDir())
  if (stamp !== null && existsSync(stamp)) return
  await import('./main.ts')
  await import('./holder/main.ts')
  flushCompileCache()
  if (stamp !== null) keep(stamp)
}

/** A file whose name follows from the size and time of every source; null where Node keeps nothing. */
function stampOf(cache: string | undefined): string | null {
  if (cache === undefined) return null
  const digest = createHash('sha256')
  for (const { path, size, mtimeMs } of sources()) digest.update(`${path} ${size} ${mtimeMs}\n`)
  return join(cache, `banyan-${digest.digest('hex').slice(0, 16)}`)
}

function sources() {
  const packages = fileURLToPath(new URL('../../', import.meta.url))
  return ['control', 'gateway', 'model', 'postgres', 'store'].flatMap((name) => {
    const folder = join(packages, name, 'src')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    return files
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => {
        const path = join(folder, file)
        const { size, mtimeMs } = statSync(path)
        return { path, size, mtimeMs }
      })
  })
}

/** Without it the next one warms the cache again. */
function keep(stamp: string): void {
  try {
    writeFileSync(stamp, '')
  } catch {
    // The folder may be somebody else's, or have gone.
  }
}
