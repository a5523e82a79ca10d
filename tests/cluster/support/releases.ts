import assert from 'node:assert/strict'
import type { ClimbReport, ReleaseList, Status } from '@banyan/control/api'
import { eventually } from './banyan.ts'
import { type ClimbSystem, type Proof, startClimbSystem } from './climbs.ts'
import { makeReleaseApp, type ReleaseApp } from './release-app.ts'

/** A system that runs an app whose releases a test makes. */
export type ReleaseSystem = {
  readonly app: ReleaseApp
  readonly system: ClimbSystem
  /** Releases what lies in the folder now, and gives the report of its climb, or the refusal. */
  release(...words: string[]): Promise<ClimbReport>
  refused(...words: string[]): Promise<Refusal>
  undo(): Promise<ClimbReport>
  list(): Promise<ReleaseList>
  remove(): Promise<void>
}

export type Refusal = { readonly code: string; readonly message: string; readonly hint: string }

export type ReleaseSystemOptions = {
  readonly rungs?: string
  readonly balancer?: 'gateway' | 'haproxy'
  readonly folder?: string
  readonly env?: Readonly<Record<string, string>>
}

export async function startReleaseSystem({
  balancer,
  ...options
}: ReleaseSystemOptions = {}): Promise<ReleaseSystem> {
  const app = await makeReleaseApp()
  try {
    const words = balancer === undefined ? [] : ['--balancer', balancer]
    const system = await startClimbSystem({ ...options, config: app.config, words })
    return {
      app,
      system,
      release: async (...words) => await system.json<ClimbReport>('release', ...words),
      refused: async (...words) => (await system.json<{ error: Refusal }>(...words)).error,
      undo: async () => await system.json<ClimbReport>('undo'),
      list: async () => await system.json<ReleaseList>('release', 'list'),
      remove: async () => {
        await system.remove()
        await app.remove()
      },
    }
  } catch (error) {
    await app.remove()
    throw error
  }
}

/** The system once no climb goes on and every node is well, all of them of one release. */
export async function settled({ system }: ReleaseSystem): Promise<Status> {
  const status = await eventually(async () => {
    const now = await system.status()
    const isUp = now.nodes.every(({ health }) => health === 'healthy')
    return now.climb === null && now.release !== null && isUp ? now : null
  }, 60_000)
  const running = new Set(status.nodes.flatMap(({ release = [] }) => release))
  assert.deepEqual([...running], [status.release], 'mixed: not every node runs what is live')
  return status
}

export function assertDone(report: ClimbReport): void {
  assert.equal(report.outcome, 'done', JSON.stringify(report, null, 1))
}

/** What was seen by the prover, and by the entry's own count; nothing may have gone wrong. */
export function assertFlawless(proof: Proof): void {
  assert.deepEqual(harmOf(proof), { ...noHarm, failed: 0 }, sayProof(proof))
}

/** Nothing acknowledged is gone, twice or hidden, whatever failed. */
export function assertNothingLost(proof: Proof): void {
  const { failed: _failed, ...harm } = harmOf(proof)
  assert.deepEqual(harm, noHarm, sayProof(proof))
}

const noHarm = { lost: 0, doubled: 0, staleReads: 0 }

const harmOf = ({ lost, doubled, staleReads, failed }: Proof) => ({
  lost,
  doubled,
  staleReads,
  failed: failed.total,
})

const sayProof = (proof: Proof) => JSON.stringify(proof, null, 1)
