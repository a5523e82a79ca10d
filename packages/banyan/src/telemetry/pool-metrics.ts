import { Histogram, type MetricsText, operationBuckets } from '@banyan/model'
import { immediates, openPools } from '../pool/open-pools.ts'
import { readsByLevel } from '../reads/counts.ts'
import type { LabelSets } from './label-sets.ts'

type Counted = { idle: number; used: number; waiting: number; max: number }

/** The pools as they are now, those of one name together. */
export function addPools(text: MetricsText, waits: LabelSets<Histogram>): void {
  for (const [name, { idle, used, waiting, max }] of countPools()) {
    const pool = { db_client_connection_pool_name: name }
    text.add('db_client_connection_count', idle, { ...pool, db_client_connection_state: 'idle' })
    text.add('db_client_connection_count', used, { ...pool, db_client_connection_state: 'used' })
    text.add('db_client_connection_max', max, pool)
    text.add('db_client_connection_pending_requests', waiting, pool)
  }
  addWaits(text, waits)
}

function countPools(): Map<string, Counted> {
  const counts = new Map<string, Counted>()
  for (const { name, idleCount, totalCount, waitingCount, options } of openPools()) {
    const known = counts.get(name) ?? { idle: 0, used: 0, waiting: 0, max: 0 }
    known.idle += idleCount
    known.used += totalCount - idleCount
    known.waiting += waitingCount
    known.max += options.max
    counts.set(name, known)
  }
  return counts
}

/** Whoever found an idle connection waited for nothing, which nobody measures. */
function addWaits(text: MetricsText, waits: LabelSets<Histogram>): void {
  const waited = new Map(waits.all.map(({ labels, value }) => [String(labels[0]), value]))
  const nothing = new Histogram(operationBuckets)
  const atOnce = immediates()
  for (const name of new Set([...waited.keys(), ...atOnce.keys()])) {
    const { counts, sum } = waited.get(name) ?? nothing
    const [first = 0, ...others] = counts
    text.addHistogram(
      'db_client_connection_wait_time_seconds',
      { counts: [first + (atOnce.get(name) ?? 0), ...others], sum },
      { db_client_connection_pool_name: name },
    )
  }
}

export function addReads(text: MetricsText): void {
  for (const [level, { primary, replica }] of Object.entries(readsByLevel)) {
    const asked = { banyan_consistency: level }
    text.add('banyan_reads_total', primary, { ...asked, banyan_answered_by: 'primary' })
    text.add('banyan_reads_total', replica, { ...asked, banyan_answered_by: 'replica' })
  }
}
