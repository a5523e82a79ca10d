// One installation at a time. A lock of a process that died is taken over, so that a Ctrl-C in the
// middle of an installation never asks for a file to be removed by hand.
import { appendFileSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

const pause = () => new Promise((resolve) => setTimeout(resolve, 100))

/**
 * Runs `work` while this process alone holds the lock file at `path`. `work` gets a function to name
 * a child that must have ended too before anybody else may go on.
 */
export async function withLock(path, work) {
  for (let waited = 0; !tryLock(path) && !(removeStale(path) && tryLock(path)); waited += 1) {
    if (waited === 0) process.stderr.write('Another installation is under way; waiting for it …\n')
    await pause()
  }
  try {
    return await work((pid) => appendFileSync(path, nameOf(pid)))
  } finally {
    rmSync(path, { force: true })
  }
}

const nameOf = (pid) => `${pid} ${startTimeOf(pid)}\n`

/** A link appears whole or not at all, so that nobody reads a lock without its owner in it. */
function tryLock(path) {
  const own = `${path}.${process.pid}`
  writeFileSync(own, nameOf(process.pid))
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(own, { force: true })
  }
}

/**
 * Removes a lock whose owners are dead; true when it was. The rename decides between two finders,
 * and one that caught a lock taken in between puts it back.
 */
function removeStale(path) {
  if (isAlive(read(path))) return false
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
    if (isAlive(read(aside))) linkSync(aside, path)
    return true
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(aside, { force: true })
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** A missing lock counts as alive: there is nothing to remove, only to try again. */
function isAlive(owners) {
  return owners === null || owners.trim().split('\n').some(isRunning)
}

function isRunning(owner) {
  const [pid, startTime = ''] = owner.split(' ')
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
