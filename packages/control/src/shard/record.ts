import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readJson, writeJson } from '../state/files.ts'

/** A promotion that is not over. */
export type Promotion = {
  readonly to: string
  readonly from: string
  readonly term: number
  readonly reason: 'failover' | 'switchover' | 'accept-loss'
  /**
   * Whether `to` may have been promoted: then nobody else is, and nobody else is started as the primary. A
   * switchover can be taken back until then.
   */
  readonly decided: boolean
}

/**
 * What was decided about a shard, in `shard-1.json` of the state directory: written down, and on the disk,
 * before each effect. See docs/designs/replicated.md.
 */
export type ShardRecord = {
  readonly format: 1
  readonly term: number
  /** Null before there is a server. */
  readonly primary: string | null
  /** Everybody whose confirmation of a commit may have counted; grows before the primary's list, shrinks after. */
  readonly confirming: readonly string[]
  /** Every acknowledged commit is on so many of `confirming`, unless that is empty. */
  readonly quorum: number
  /** The members that are to confirm commits whenever they follow; the primary too, for when it does not. */
  readonly wanted: readonly string[]
  /** Members whose copy may have forked off: made anew before anything of them is believed. */
  readonly remake: readonly string[]
  readonly promotion: Promotion | null
}

export const firstRecord: ShardRecord = {
  format: 1,
  term: 1,
  primary: null,
  confirming: [],
  quorum: 1,
  wanted: [],
  remake: [],
  promotion: null,
}

/** Where the record is kept; in a simulation, in memory. */
export type RecordStore = {
  readonly current: ShardRecord
  /** Returns when it would survive the loss of power. */
  write(record: ShardRecord): Promise<void>
}

/** The record on the disk of the state directory. A shard without one is as before its first server. */
export async function openRecord(path: string): Promise<RecordStore> {
  let current = (await readJson<ShardRecord>(path)) ?? firstRecord
  return {
    get current() {
      return current
    },
    write: async (record) => {
      await writeJson(path, record, 0o600)
      await syncFolder(dirname(path))
      current = record
    },
  }
}

/** A rename survives the loss of power only when its folder is on the disk. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
