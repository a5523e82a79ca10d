/** A pool, as it is counted. */
export type CountedPool = {
  /** By which it is told from others; pools of one name are counted together. */
  readonly name: string
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  /** How many requests found an idle connection so far, while it had this name. */
  immediate: number
  readonly options: { readonly max: number }
}

/** Weakly: a pool that an app forgets without ending it is not kept for being counted. */
const pools = new Set<WeakRef<CountedPool>>()
const refs = new WeakMap<CountedPool, WeakRef<CountedPool>>()

/** What pools counted that are gone, or go by another name now. */
const past = new Map<string, number>()
const pastMax = 2_000

export function poolOpened(pool: CountedPool): void {
  const ref = new WeakRef(pool)
  refs.set(pool, ref)
  pools.add(ref)
  if (pools.size > sweepAt) sweep()
}

/** It has ended, or is about to get another name. */
export function poolEnded(pool: CountedPool): void {
  const ref = refs.get(pool)
  if (ref === undefined) return
  pools.delete(ref)
  refs.delete(pool)
  const { name } = pool
  if (past.has(name) || past.size < pastMax) past.set(name, (past.get(name) ?? 0) + pool.immediate)
  pool.immediate = 0
}

/** The pools of this process that have not ended. */
export function openPools(): CountedPool[] {
  return [...pools].flatMap((ref) => ref.deref() ?? [])
}

/** How many requests found an idle connection at once, by the name of the pool. */
export function immediates(): Map<string, number> {
  const counts = new Map(past)
  for (const { name, immediate } of openPools()) {
    counts.set(name, (counts.get(name) ?? 0) + immediate)
  }
  return counts
}

const sweepAt = 1_000

function sweep(): void {
  for (const ref of pools) if (ref.deref() === undefined) pools.delete(ref)
}
