import { availableParallelism, totalmem } from 'node:os'
import { type Check, ok } from './check.ts'

/** The oldest Node that strips types by itself, as the packages' `engines` says. */
const oldestNode = [22, 18] as const

/** Node, the operating system, the size of the machine. */
export function checkMachine(
  { version, platform }: { readonly version: string; readonly platform: NodeJS.Platform } = {
    version: process.versions.node,
    platform: process.platform,
  },
): readonly Check[] {
  return [checkNode(version), checkPlatform(platform), checkSize()]
}

function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])
  if (!isOld) return ok('Node', `${version} (${process.execPath})`)
  return {
    name: 'Node',
    outcome: 'failed',
    found: version,
    why: `Banyan needs ${oldestNode.join('.')} or newer, which runs TypeScript by itself`,
    mend: 'npm install --save-dev node@24',
    rungs: [],
  }
}

function checkPlatform(platform: NodeJS.Platform): Check {
  const name = 'system'
  if (platform === 'linux') return ok(name, 'Linux')
  if (platform === 'darwin') {
    const why = 'all nodes share 127.0.0.1, each on a port of its own'
    return { ...ok(name, 'macOS'), why }
  }
  const why = 'Banyan needs Linux or macOS'
  return { name, outcome: 'failed', found: platform, why, mend: 'Use it in WSL2.', rungs: [] }
}

function checkSize(): Check {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(1)
  return ok('size', `${availableParallelism()} cores, ${gigabytes} GB of memory`)
}
