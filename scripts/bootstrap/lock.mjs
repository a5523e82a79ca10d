// One installation at a time. A lock of a process that died is taken over, so that a Ctrl-C in the
// middle of an installation never asks for a file to be removed by hand.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

const pause = () => new Promise((resolve) => setTimeout(resolve, 100))

/** Runs `work` while this process alone holds the lock file at `path`. */
export async function withLock(path, work) {
  let waited = false
  while (!tryLock(path)) {
    if (!waited) process.stderr.write('Another installation is under way; waiting for it …\n')
    waited = true
    await pause()
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

/** A link appears whole or not at all, so that nobody reads a lock without its owner in it. */
function tryLock(path) {
  const own = `${path}.${process.pid}`
  writeFileSync(own, `${process.pid} ${startTimeOf(process.pid)}`)
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    removeStale(path)
    return false
  } finally {
    rmSync(own, { force: true })
  }
}

/**
 * The rename decides which one of two finders removes a dead owner's lock. When it caught a lock
 * that somebody took in between, that one is put back.
 */
function removeStale(path) {
  if (isAlive(read(path))) return
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
    if (isAlive(read(aside))) linkSync(aside, path)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
  rmSync(aside, { force: true })
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** A missing lock counts as alive: there is nothing to remove, only to try again. */
function isAlive(owner) {
  if (owner === null) return true
  const [pid, startTime] = owner.split(' ')
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    if (error.code === 'ESRCH') return false
  }
  return startTimeOf(Number(pid)) === startTime
}

/** Tells a process from a later one of the same number; empty where there is no /proc. */
function startTimeOf(pid) {
  const stat = read(`/proc/${pid}/stat`)
  return stat === null ? '' : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}
