// The first program of a fresh clone: plain JavaScript for any Node from 18 on, no dependencies.
// It installs the packages when they are missing or of another lockfile, builds the web console when that is
// missing or old, then hands over to Node 24.
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureConsole } from './bootstrap/console.mjs'
import { handOver } from './bootstrap/hand-over.mjs'
import { install } from './bootstrap/install.mjs'
import { isInstalled } from './bootstrap/installed.mjs'
import { withLock } from './bootstrap/lock.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const usage = `usage: node scripts/bootstrap.mjs start [-- options of banyan up]
       node scripts/bootstrap.mjs test [-- --only SUITE/FILE]
       node scripts/bootstrap.mjs run FILE [arguments]`

/** The script and its arguments that a command of this file stands for, or null. */
function commandOf([command, ...rest]) {
  if (command === 'start') return [join(root, 'packages/cli/bin/banyan.mjs'), 'up', ...rest]
  if (command === 'test') return [join(root, 'tests/run.ts'), ...rest]
  if (command === 'run' && rest.length > 0) return [resolve(root, rest[0]), ...rest.slice(1)]
  return null
}

/** Two bootstraps may start at once; the second one waits, looks again, and finds the work done. */
async function ensureInstalled() {
  if (isInstalled(root)) return
  await withLock(join(root, '.bootstrap.lock'), async (hold) => {
    if (!isInstalled(root)) await install(root, hold)
  })
}

const command = commandOf(process.argv.slice(2))
if (command === null) {
  console.error(usage)
  process.exitCode = 2
} else {
  try {
    await ensureInstalled()
    ensureConsole(root)
    await handOver(root, command)
  } catch (error) {
    console.error(error.hint ? `${error.message}\n\n  ${error.hint}` : error.stack)
    process.exitCode = error.exitCode ?? 1
  }
}
