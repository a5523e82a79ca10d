import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Failure } from './failure.mjs'
import { runsTypeScript } from './versions.mjs'

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']

/** Runs the command under Node 24, with this process as its shadow: signals in, exit code out. */
export function handOver(root, command) {
  const bin = join(root, 'node_modules', '.bin')
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` }
  const child = spawn(nodeOf(root), command, { stdio: 'inherit', env })
  for (const signal of forwarded) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (signal !== null) return dieOf(signal)
      process.exitCode = code ?? 1
      resolve()
    })
  })
}

/** Ends this process as its child ended, so that a shell sees the same. */
function dieOf(signal) {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

/** Node 24 of the `node` package; the present Node where that has no binary and this one is new enough. */
export function nodeOf(root) {
  const own = join(root, 'node_modules/node/bin/node')
  if (existsSync(own)) return own
  if (runsTypeScript()) return process.execPath
  throw new Failure(
    `There is no Node 24 in node_modules, and Node ${process.versions.node} cannot run TypeScript.`,
    'Run: npm rebuild --ignore-scripts=false node',
  )
}
