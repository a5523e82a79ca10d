import { createHash } from 'node:crypto'
import { type BanyanError, joinPlace, type Node } from '@banyan/model'
import type { FoundProgram } from '../../doctor/environment/find-program.ts'
import { NodeProcess } from '../../drivers/node-process.ts'
import { request } from '../../node-http.ts'
import type { Site } from '../../sites/site.ts'
import type { StatePaths } from '../../state/paths.ts'
import type { NodeDriver, Presence, Probe } from '../../supervise/driver.ts'
import { identityOf as userOf } from '../postgres/account.ts'
import { type HomeFile, homeOf, type ObserverHome, writeHomeFiles } from './home.ts'

export type ObserverOptions = {
  readonly node: Node
  readonly paths: StatePaths
  readonly site: Site
  /** Where it listens: a loopback address, since neither program asks anybody who they are. */
  readonly address: () => string
}

/** What tells the two programs apart. */
export type ObserverEngine = {
  program(): Promise<FoundProgram | BanyanError>
  /** What it is started with, besides where it listens. */
  words(place: string, home: Pick<ObserverHome, 'data'>): readonly string[]
  /** Everything that it reads; looked at again for as long as it runs. */
  files(): Promise<readonly HomeFile[]>
}

/** It reads what it has written since the last block first. */
const startTimeoutMs = 60_000
const stopTimeoutMs = 15_000
const answerTimeoutMs = 1_000

/** Keeps one program that watches. What it reads follows the system: it is written anew, and read anew. */
export function observerDriver(options: ObserverOptions, engine: ObserverEngine): NodeDriver {
  const { node, paths, site } = options
  const own = new NodeProcess({ node, paths, site, stopTimeoutMs: () => stopTimeoutMs })
  let home: Promise<ObserverHome> | null = null

  async function homeNow(): Promise<ObserverHome> {
    home ??= homeOf(paths, node.name)
    home.catch(() => {
      home = null
    })
    return await home
  }

  const place = (): string => joinPlace(options.address(), node.port)

  const fingerprint = (): string =>
    createHash('sha256')
      .update(JSON.stringify(engine.words(place(), { data: '' })))
      .digest('hex')

  async function start(): Promise<Presence> {
    const program = await engine.program()
    if (program instanceof Error) throw program
    const home = await homeNow()
    await writeHomeFiles(home, await engine.files())
    return await own.start({ fingerprint: fingerprint(), release: null }, async () => ({
      command: [program.path, ...engine.words(place(), home)],
      cwd: home.folder,
      environment: environment(),
      user: userOf(home.account),
    }))
  }

  async function probe({ identity }: Presence): Promise<Probe> {
    if (!(await isReady(options.address(), node.port))) {
      return { ready: false, missing: `nobody answers on ${place()}` }
    }
    const isToBeTold = await writeHomeFiles(await homeNow(), await engine.files())
    if (isToBeTold) await site.hangUp(identity, own.mark)
    return { ready: true }
  }

  return {
    node,
    ...own.driver,
    startTimeoutMs,
    find: async () => await own.find((record) => record.fingerprint === fingerprint()),
    start,
    probe,
  }
}

/** Nothing of the app's environment concerns it. */
function environment(): Record<string, string> {
  const { PATH = '', TZ } = process.env
  return { PATH, ...(TZ !== undefined && { TZ }) }
}

async function isReady(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const options = { host, port, path: '/-/ready', agent: false, timeout: answerTimeoutMs }
    const asked = request(options, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asked.once('timeout', () => asked.destroy())
    asked.once('error', () => resolve(false))
    asked.once('close', () => resolve(false))
    asked.end()
  })
}
