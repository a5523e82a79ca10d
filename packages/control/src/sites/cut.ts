import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { BanyanError } from '@banyan/model'
import { readJson, writeJson } from '../state/files.ts'
import type { StatePaths } from '../state/paths.ts'

/*
 * Nodes that are cut off on purpose. All nodes of this machine are loopback addresses, so that the packet filter
 * can part them: what goes to a node's listening side, and what comes from there, is dropped without a word, as
 * by a cable that is pulled. What a node asks of others from ports of its own still goes out.
 */

/** Where a node listens; without an address, at that port of every address. */
export type Listening = { readonly address: string | null; readonly port: number }

export type Cut = { readonly node: string; readonly places: readonly Listening[] }

type CutsFile = { readonly format: 1; readonly cuts: readonly Cut[] }

/** The table of the packet filter that is this system's alone. */
export function tableOf({ directory }: Pick<StatePaths, 'directory'>): string {
  return `banyan_${createHash('sha256').update(directory).digest('hex').slice(0, 8)}`
}

/** The rules as nftables reads them; the whole table is put in place of the one before, in one go. */
export function rulesOf(table: string, cuts: readonly Cut[]): string {
  const rules = cuts.flatMap(({ places }) => places.flatMap(rulesOfPlace))
  const chain = ['type filter hook input priority -10; policy accept;', ...rules]
  const body = chain.map((line) => `    ${line}\n`).join('')
  return `table inet ${table}\ndelete table inet ${table}\ntable inet ${table} {\n  chain cut {\n${body}  }\n}\n`
}

function rulesOfPlace({ address, port }: Listening): string[] {
  const at = (side: string): string =>
    address === null ? '' : `${address.includes(':') ? 'ip6' : 'ip'} ${side} ${address} `
  return [`${at('daddr')}tcp dport ${port} drop`, `${at('saddr')}tcp sport ${port} drop`]
}

/** Has exactly these nodes cut off, and writes it down first, so that whoever comes next can mend it. */
export async function applyCuts(
  paths: StatePaths,
  cuts: readonly Cut[],
  program = 'nft',
): Promise<void> {
  checkPermitted()
  const table = tableOf(paths)
  const file: CutsFile = { format: 1, cuts }
  const before = await readJson<CutsFile>(paths.cuts).catch(() => undefined)
  if (cuts.length > 0) await writeJson(paths.cuts, file, 0o600)
  const text =
    cuts.length > 0 ? rulesOf(table, cuts) : `table inet ${table}\ndelete table inet ${table}\n`
  try {
    await nft(program, text)
  } catch (error) {
    // Nothing was cut that was not cut before; what cannot be mended is mended by whoever comes next.
    if (before === null) await rm(paths.cuts, { force: true })
    throw error
  }
  if (cuts.length === 0) await rm(paths.cuts, { force: true })
}

/** Mends what is cut, by an earlier control or as `known`; gives the names of the nodes. */
export async function mendCuts(paths: StatePaths, known: readonly Cut[] = []): Promise<string[]> {
  const left = await readJson<CutsFile>(paths.cuts).catch(() => ({ cuts: [] }))
  // The state directory may be gone; the rules are not.
  if (left === null && known.length === 0) return []
  await applyCuts(paths, [])
  return [...new Set([...(left?.cuts ?? []), ...known].map(({ node }) => node))]
}

function checkPermitted(): void {
  if (process.platform !== 'linux') {
    throw unavailable(`this machine runs ${process.platform}, and cutting takes Linux' nftables`)
  }
  if (process.getuid?.() !== 0) {
    throw unavailable(
      'only root may tell the packet filter what to drop',
      'Start the system as root (sudo npx banyan up), on a machine that is there for trying.',
    )
  }
}

/** It reads its rules from its input; they never stand on a command line. */
async function nft(program: string, rules: string): Promise<void> {
  const environment = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` }
  const child = spawn(program, ['-f', '-'], { env: environment, stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 2_000)
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(rules)
  const code = await ended.catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT'
      ? unavailable('there is no program "nft"', 'Install it: apt-get install nftables')
      : unavailable(`nft cannot be run: ${cause.message}`)
  })
  if (code === 0) return
  const [first = `it ended with ${code}`] = said.trim().split('\n')
  throw unavailable(
    `nft refuses: ${first}`,
    'In a container, it takes the right NET_ADMIN: docker run --cap-add NET_ADMIN.',
  )
}

/** What is missing, and what mends it. */
export function unavailable(what: string, hint?: string): BanyanError {
  return new BanyanError('BANYAN_PARTITION_UNAVAILABLE', `No node can be cut off here: ${what}.`, {
    hint:
      hint ?? '"banyan pause NODE" has a node stand still instead, which others see much alike.',
  })
}
