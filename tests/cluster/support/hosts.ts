import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { onDeath } from '../../../packages/testing/src/watchdog.ts'

const exec = promisify(execFile)

/** A machine of its own as far as the network goes: a network namespace with one address. */
export type TestHost = {
  readonly name: string
  readonly address: string
  /** Starts a process on it, as somebody who is not root; what it says goes to the file. */
  start(user: string, logFile: string, command: readonly string[]): ChildProcess
  /** All its processes. */
  pids(): Promise<number[]>
  /** Power off: nothing leaves or arrives any more, no reset, no goodbye; then everything dies. */
  powerOff(): Promise<void>
  /** The network is there again; nothing runs yet. */
  powerOn(): Promise<void>
}

/** Hosts on one switch, and this process on it too. */
export type TestNetwork = {
  readonly hosts: ReadonlyMap<string, TestHost>
  host(name: string): TestHost
  /** What `from` sends no longer reaches `to`. The other direction goes on. */
  cutOneWay(from: string, to: string): Promise<void>
  /** Neither reaches any of the others; whoever is not named (and this process) still does. */
  cut(name: string, others: readonly string[]): Promise<void>
  /** Every cut is mended. */
  heal(): Promise<void>
  /** Ends every process on every host and takes the network away. */
  remove(): Promise<void>
}

/** Why there can be no such network here, or false. */
export const noHosts = (): string | false => {
  if (process.platform !== 'linux') return 'needs network namespaces: Linux'
  if (process.getuid?.() !== 0) return 'needs network namespaces: run as root'
  if (!existsSync('/usr/sbin/nft')) return 'needs nftables: apt-get install nftables'
  const { status } = spawnSync('unshare', ['--net', 'true'])
  if (status !== 0) return 'network namespaces are not permitted here'
  return false
}

/**
 * Makes hosts with an address each. They hang on a bridge in a namespace of its own, so that no
 * firewall of this machine sees what they say to each other, and several runs do not meet.
 */
export async function makeHosts(names: readonly string[]): Promise<TestNetwork> {
  await sweep()
  const prefix = `bny-${process.pid}-${Math.random().toString(36).slice(2, 6)}`
  const subnet = await freeSubnet()
  const namespaces = [`${prefix}-switch`, ...names.map((name) => `${prefix}-${name}`)]
  const dog = onDeath(
    'for ns in "$@"; do for pid in $(ip netns pids "$ns"); do kill -KILL "$pid"; done; ip netns delete "$ns"; done',
    ...namespaces,
  )
  const remove = async (): Promise<void> => {
    for (const namespace of namespaces) await removeNamespace(namespace)
    dog.dismiss()
  }
  try {
    await makeSwitch(`${prefix}-switch`, subnet)
    for (const [at, name] of names.entries()) {
      await plugIn(`${prefix}-switch`, `${prefix}-${name}`, `p${at}`, `${subnet}.${at + 2}/24`)
    }
  } catch (error) {
    await remove()
    throw error
  }
  const hosts = new Map(
    names.map((name, at) => [name, testHost(name, `${prefix}-${name}`, `${subnet}.${at + 2}`)]),
  )
  return { hosts, host: (name) => find(hosts, name), ...cuts(prefix, hosts), remove }
}

function find(hosts: ReadonlyMap<string, TestHost>, name: string): TestHost {
  const host = hosts.get(name)
  if (host === undefined) throw new Error(`no host ${name}; there are ${[...hosts.keys()]}`)
  return host
}

/** Which packets each host throws away is said anew, whole, at every change. */
function cuts(prefix: string, hosts: ReadonlyMap<string, TestHost>) {
  const deaf = new Map<string, Set<string>>()
  const add = (to: string, from: string): void => {
    deaf.set(to, (deaf.get(to) ?? new Set()).add(find(hosts, from).address))
  }
  const apply = async (name: string): Promise<void> => {
    const rules = [...(deaf.get(name) ?? [])].map((address) => `ip saddr ${address} drop`)
    const chain = ['type filter hook input priority 0', ...rules].join('\n')
    const text = `flush ruleset\ntable inet cut {\nchain input {\n${chain}\n}\n}\n`
    const nft = exec('ip', ['netns', 'exec', `${prefix}-${name}`, 'nft', '-f', '-'])
    nft.child.stdin?.end(text)
    await nft
  }
  return {
    cutOneWay: async (from: string, to: string) => {
      add(to, from)
      await apply(to)
    },
    cut: async (name: string, others: readonly string[]) => {
      for (const other of others) {
        add(name, other)
        add(other, name)
      }
      await Promise.all([name, ...others].map(apply))
    },
    heal: async () => {
      const names = [...deaf.keys()]
      deaf.clear()
      await Promise.all(names.map(apply))
    },
  }
}

function testHost(name: string, namespace: string, address: string): TestHost {
  const pids = () => pidsOf(namespace)
  return {
    name,
    address,
    start: (user, logFile, command) => {
      const log = openSync(logFile, 'a')
      const as = ['setpriv', '--reuid', user, '--regid', user, '--init-groups']
      // A session of its own: Ctrl-C in a terminal is not for it.
      return spawn('ip', ['netns', 'exec', namespace, ...as, ...command], {
        detached: true,
        stdio: ['ignore', log, log],
        cwd: '/',
      })
    },
    pids,
    powerOff: async () => {
      await ip('-n', namespace, 'link', 'set', 'eth0', 'down')
      await killAll(namespace)
    },
    powerOn: async () => {
      await ip('-n', namespace, 'link', 'set', 'eth0', 'up')
    },
  }
}

async function makeSwitch(namespace: string, subnet: string): Promise<void> {
  await ip('netns', 'add', namespace)
  await ip('-n', namespace, 'link', 'add', 'switch', 'type', 'bridge')
  await ip('-n', namespace, 'link', 'set', 'switch', 'up')
  // This process' own plug; it goes when the namespace of its other end goes.
  const plug = `bny${subnet.split('.').slice(1).join('-')}`
  await ip('link', 'add', plug, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', namespace)
  await ip('-n', namespace, 'link', 'set', 'uplink', 'master', 'switch', 'up')
  await ip('addr', 'add', `${subnet}.1/24`, 'dev', plug)
  await ip('link', 'set', plug, 'up')
}

async function plugIn(hub: string, namespace: string, port: string, address: string) {
  await ip('netns', 'add', namespace)
  await ip('-n', namespace, 'link', 'set', 'lo', 'up')
  await ip(
    '-n',
    hub,
    'link',
    'add',
    port,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    namespace,
  )
  await ip('-n', hub, 'link', 'set', port, 'master', 'switch', 'up')
  await ip('-n', namespace, 'addr', 'add', address, 'dev', 'eth0')
  await ip('-n', namespace, 'link', 'set', 'eth0', 'up')
}

async function ip(...args: string[]): Promise<string> {
  return (await exec('ip', args)).stdout
}

async function pidsOf(namespace: string): Promise<number[]> {
  const text = await ip('netns', 'pids', namespace).catch(() => '')
  return text.split('\n').filter(Boolean).map(Number)
}

/** A process may be born while the others die. */
async function killAll(namespace: string): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const pids = await pidsOf(namespace)
    if (pids.length === 0) return
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It is gone already.
      }
    }
    await sleep(20)
  }
  throw new Error(`processes in ${namespace} do not die: ${await pidsOf(namespace)}`)
}

async function removeNamespace(namespace: string): Promise<void> {
  await killAll(namespace)
  await ip('netns', 'delete', namespace).catch(() => {})
}

/** What a run left behind that was ended harder than its watchdog could bear. */
async function sweep(): Promise<void> {
  for (const namespace of await readdir('/run/netns').catch(() => [])) {
    const pid = /^bny-(\d+)-/.exec(namespace)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await removeNamespace(namespace)
  }
}

/** One that no route of this machine knows. */
async function freeSubnet(): Promise<string> {
  const hex = (text: string) =>
    text
      .split('.')
      .reverse()
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase()
  const routes = await readFile('/proc/net/route', 'utf8')
  for (;;) {
    const subnet = `10.${64 + Math.floor(Math.random() * 64)}.${Math.floor(Math.random() * 256)}`
    if (!routes.includes(hex(`${subnet}.0`))) return subnet
  }
}
