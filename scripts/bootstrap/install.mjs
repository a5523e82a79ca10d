import { spawn } from 'node:child_process'
import { Failure } from './failure.mjs'
import { matchesLockfile, stamp } from './installed.mjs'
import { brokenPackages, mend } from './mend.mjs'
import { hintFor, npm, withoutUsage } from './npm.mjs'

/**
 * Installs what the lockfile says, with one line of progress; npm's own words only when it fails.
 * `hold` is told npm's process number: npm may outlive this process, and still writes then.
 */
export async function install(root, hold) {
  const begin = Date.now()
  process.stderr.write('Installing the packages of package-lock.json … ')
  try {
    if (!matchesLockfile(root)) await runNpm(root, hold)
    const broken = brokenPackages(root)
    if (broken.length > 0) mend(root, broken)
    stamp(root)
  } catch (error) {
    process.stderr.write('failed\n\n')
    throw error
  }
  process.stderr.write(`done in ${((Date.now() - begin) / 1000).toFixed(1)} s\n`)
}

/**
 * Development packages are needed also where NODE_ENV says production. An interrupted installation
 * ends npm before the lock is given back, so that no second one treads on it.
 */
function runNpm(root, hold) {
  const { file, args } = npm(['ci', '--loglevel=error', '--include=dev', '--include=optional'])
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr']) {
      child[stream].on('data', (chunk) => {
        said[stream] += chunk
      })
    }
    if (child.pid !== undefined) hold(child.pid)
    let interrupted = false
    const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of interrupts) {
      process.on(signal, () => {
        interrupted = true
        child.kill('SIGTERM')
      })
    }
    child.on('error', (error) => reject(notStarted(file, error)))
    child.on('close', (code, signal) => {
      for (const name of interrupts) process.removeAllListeners(name)
      if (interrupted) return reject(new Failure('Interrupted.', 'The next run begins anew.', 130))
      if (code === 0) return resolve()
      const text = `npm ci ended with ${signal ?? code}:\n${said.stdout}${withoutUsage(said.stderr)}`
      reject(new Failure(text, hintFor(text, root)))
    })
  })
}

function notStarted(file, error) {
  if (error.code !== 'ENOENT') return error
  return new Failure(
    `There is no ${file} in PATH.`,
    'Install npm (it comes with Node.js, https://nodejs.org).',
  )
}
