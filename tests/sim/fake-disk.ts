import {
  firstRecord,
  type RecordStore,
  type ShardRecord,
} from '../../packages/control/src/shard/record.ts'
import type { Control } from './fake-member.ts'
import type { World } from './world.ts'

/** The state directory: what a control wrote is found by the next. */
export class FakeDisk {
  record: ShardRecord = firstRecord
  readonly #world: World

  readonly #finished: (record: ShardRecord) => void

  constructor(world: World, finished: (record: ShardRecord) => void) {
    this.#world = world
    this.#finished = finished
  }

  open(control: Control): RecordStore {
    const disk = this
    const world = this.#world
    return {
      get current() {
        return disk.record
      },
      write: async (record) => {
        await world.sleep(world.between(0.5, 4))
        // One that has died meanwhile did not get so far.
        if (!control.alive) return await new Promise<never>(() => {})
        const isOver = disk.record.promotion?.decided === true && record.promotion === null
        disk.record = record
        if (isOver) disk.#finished(record)
        await world.sleep(world.between(0.5, 4))
        if (!control.alive) await new Promise<never>(() => {})
      },
    }
  }
}
