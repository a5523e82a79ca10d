import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A server that some suites need and that does not come from npm. The one list of them. */
export type Engine = {
  readonly name: string
  /** Test files whose path has this part are the suites that need it. */
  readonly suites: string
  readonly debianPackages: readonly string[]
  /** The command that installs it, for a person. */
  readonly command: string
  /** The path of what was found, or null. */
  readonly find: () => Promise<string | null>
}

export const engines: readonly Engine[] = [
  {
    name: 'PostgreSQL of the distribution',
    suites: '.distribution.test.ts',
    debianPackages: ['postgresql'],
    command: installCommand('postgresql', 'postgresql@18'),
    find: findPostgres,
  },
  {
    name: 'HAProxy',
    suites: 'tests/cluster/haproxy',
    debianPackages: ['haproxy'],
    command: installCommand('haproxy', 'haproxy'),
    find: findHaproxy,
  },
  {
    name: 'Prometheus with Alertmanager',
    suites: 'tests/cluster/observed',
    debianPackages: ['prometheus', 'prometheus-alertmanager'],
    command: installCommand('prometheus prometheus-alertmanager', 'prometheus alertmanager'),
    find: findPrometheus,
  },
  {
    name: 'Patroni with etcd',
    suites: 'tests/cluster/patroni',
    // Each member is a host of its own: `ip` and `nft` make its network.
    debianPackages: ['patroni', 'etcd-server', 'postgresql', 'iproute2', 'nftables'],
    command: installCommand('patroni etcd-server postgresql iproute2 nftables', 'patroni etcd'),
    find: findPatroni,
  },
  {
    name: 'Chromium',
    suites: 'tests/browser/',
    // A page without a font has no width to speak of.
    debianPackages: ['chromium', 'fonts-dejavu-core'],
    command: installCommand('chromium', '--cask chromium'),
    find: findChromium,
  },
]

/** The engines that are not on this machine. */
export async function missingEngines(): Promise<Engine[]> {
  const found = await Promise.all(engines.map((engine) => engine.find()))
  return engines.filter((_, at) => found[at] === null)
}

/** Whether this is Debian, or one of its children, and we may install packages. */
export async function canInstall(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release)
}

function installCommand(debian: string, homebrew: string): string {
  return process.platform === 'darwin' ? `brew install ${homebrew}` : `apt-get install ${debian}`
}

/** Debian puts it where only root's PATH leads. */
async function findHaproxy(): Promise<string | null> {
  for (const program of ['haproxy', '/usr/sbin/haproxy', '/usr/local/sbin/haproxy']) {
    const works = await run(program, ['-v']).then(Boolean, () => false)
    if (works) return program
  }
  return null
}

/** The browser that pages are looked at with. */
async function findChromium(): Promise<string | null> {
  const places = ['/usr/bin/chromium', '/Applications/Chromium.app/Contents/MacOS/Chromium']
  return places.find((place) => existsSync(place)) ?? null
}

/** Debian names Alertmanager otherwise than its makers do. */
async function findPrometheus(): Promise<string | null> {
  for (const program of ['prometheus-alertmanager', 'alertmanager']) {
    const works = await run(program, ['--version']).then(Boolean, () => false)
    if (works)
      return await run('promtool', ['--version']).then(
        () => 'prometheus',
        () => null,
      )
  }
  return null
}

async function findPatroni(): Promise<string | null> {
  const programs = ['/usr/bin/patroni', '/usr/bin/etcd', '/usr/sbin/ip', '/usr/sbin/nft']
  return programs.every(existsSync) ? '/usr/bin/patroni' : null
}

/** Debian and PGDG keep the versions side by side; other systems put one into PATH. */
async function findPostgres(): Promise<string | null> {
  const majors = await readdir('/usr/lib/postgresql').catch(() => [])
  const folders = majors.map((major) => `/usr/lib/postgresql/${major}/bin`)
  for (const program of [...folders.map((folder) => `${folder}/postgres`), 'postgres']) {
    const works = await run(program, ['--version']).then(Boolean, () => false)
    if (works) return program
  }
  return null
}
