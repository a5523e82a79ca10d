import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import type { Engine } from './engines.ts'

/** Debian's packages ask it whether they may start what they brought; 101 means no. */
const servicePolicy = '/usr/sbin/policy-rc.d'
const clusterSettings = '/etc/postgresql-common/createcluster.conf'

/**
 * Installs engines with Debian's packages, quietly, and starts none of them: Debian's PostgreSQL
 * would make and start a server of its own, so that is switched off while it is unpacked.
 */
export async function installEngines(missing: readonly Engine[]): Promise<void> {
  const packages = [...new Set(missing.flatMap((engine) => engine.debianPackages))]
  if (packages.length === 0) return
  console.log(`Installing ${packages.join(', ')} with apt-get …`)
  await aptGet(['update'])
  await withoutServices(async () => {
    if (packages.includes('postgresql')) await installWithoutServer(packages)
    else await aptGet(['install', ...packages])
  })
}

/** etcd and HAProxy would be started as soon as they are unpacked. A policy that is there stays. */
async function withoutServices(install: () => Promise<void>): Promise<void> {
  if (existsSync(servicePolicy)) return await install()
  await writeFile(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await install()
  } finally {
    await rm(servicePolicy)
  }
}

/** The settings file belongs to postgresql-common, which therefore comes first; it is put back as it was. */
async function installWithoutServer(packages: readonly string[]): Promise<void> {
  await aptGet(['install', 'postgresql-common'])
  const before = await readFile(clusterSettings, 'utf8')
  await writeFile(clusterSettings, `${before}\ncreate_main_cluster = false\n`)
  try {
    await aptGet(['install', ...packages])
  } finally {
    await writeFile(clusterSettings, before)
  }
}

/** Another apt-get may be under way on the machine; its lock is waited for. */
async function aptGet(args: readonly string[]): Promise<void> {
  const options = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300']
  const { code, output } = await runQuietly('apt-get', [...options, ...args])
  if (code !== 0) throw new Error(`apt-get ${args.join(' ')} ended with ${code}:\n${output}`)
}

async function runQuietly(
  program: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
